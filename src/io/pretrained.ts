/**
 * A model as the Hugging Face hub keeps it: `config.json`, and its weights in one file or in shards with an index. What a
 * name in an index may be is decided here, so no index leads to a file outside of the model's folder.
 */
import { checkResponse } from "../base/byte-source.ts";
import { ArgumentError, FileFormatError } from "../base/errors.ts";
import { openSource, type RandomAccess } from "../base/random-access.ts";
import { checkOptions } from "../nn/arguments.ts";
import { Tensor } from "../tensor/tensor.ts";
import { findDuplicateKey } from "./json-keys.ts";
import { SafetensorsReader } from "./safetensors-reader.ts";
import { loadTorch } from "./torch-file.ts";

/** Files of a model by name. */
export interface PretrainedFiles {
  /** What messages call the folder. */
  readonly source: string;
  /** Opens a file of the folder; undefined when there is none of this name. */
  open(name: string): Promise<RandomAccess | undefined>;
}

/** Options of {@link loadPretrained}. */
export interface PretrainedOptions {
  /** Names of the tensors to read. Default: all. Of safetensors files only these are read. */
  readonly keys?: readonly string[];
  /** A variant of the weights, such as "fp16" for `model.fp16.safetensors`. Default: none. */
  readonly variant?: string;
}

/** A model's configuration and weights. */
export interface Pretrained {
  /** Content of `config.json`; null where there is none. */
  readonly config: Readonly<Record<string, unknown>> | null;
  /** Tensors by the names that the model's authors gave them; for `loadStateDict`, after renaming where names differ. */
  readonly stateDict: Record<string, Tensor>;
}

/** Files of JSON are small; more is an attack. */
const largestJson = 2 ** 26;

/**
 * Reads a model in the layout of the Hugging Face hub, as `from_pretrained` finds it: `config.json`, and `model.safetensors`, or the
 * shards that `model.safetensors.index.json` names, or else `pytorch_model.bin` or its shards, weights only.
 *
 * @param source The folder's address (`new URL("https://...")`, such as `https://huggingface.co/NAME/resolve/main/`), or its files, as
 * `<input type="file" webkitdirectory>` gives them. A path: `loadPretrainedFolder` of `tatamijs/node`.
 * @throws FileFormatError when there are no weights, a shard is missing or damaged, a tensor is missing or in two shards, or an
 * index names anything but files of the folder; ArgumentError for a wrong option
 * @example
 * const weights = new File([await io.saveSafetensors(model.stateDict())], "model.safetensors");
 * const config = new File(['{ "num_labels": 10 }'], "config.json");
 * const pretrained = await io.loadPretrained([weights, config]);
 * pretrained.config; // { num_labels: 10 }
 * model.loadStateDict(pretrained.stateDict).missingKeys; // []
 */
export async function loadPretrained(
  source: URL | readonly File[],
  options: PretrainedOptions = {},
): Promise<Pretrained> {
  return readPretrained(filesOf(source, options), options, "loadPretrained");
}

/** The same for the files of any place. */
export async function readPretrained(
  files: PretrainedFiles,
  options: PretrainedOptions,
  owner: string,
): Promise<Pretrained> {
  checkOptions(options, ["keys", "variant"], owner);
  const { keys, variant } = options;
  if (variant !== undefined && !/^[\w.-]+$/.test(variant)) {
    throw new ArgumentError(
      `${owner}: variant must be a name such as "fp16"; got ${JSON.stringify(variant)}`,
      { variant },
    );
  }
  const config = await readJson(files, "config.json");
  const stateDict = await readWeights(files, variant === undefined ? "" : `.${variant}`, keys);
  if (stateDict !== undefined) return { config: config?.value ?? null, stateDict };
  const v = variant === undefined ? "" : `.${variant}`;
  throw new FileFormatError(
    `${files.source}: found no weights; expected model${v}.safetensors, model.safetensors.index${v}.json, pytorch_model${v}.bin or ` +
      `pytorch_model.bin.index${v}.json` +
      (variant === undefined ? "; a variant, such as fp16, is named by the option variant" : ""),
    { source: files.source, variant },
  );
}

/** The first kind of weights that is there, in the order of the reference. */
async function readWeights(
  files: PretrainedFiles,
  variant: string,
  keys: readonly string[] | undefined,
): Promise<Record<string, Tensor> | undefined> {
  for (const { whole, sharded, read } of [
    {
      whole: `model${variant}.safetensors`,
      sharded: `model.safetensors.index${variant}.json`,
      read: openSafetensorsShard,
    },
    {
      whole: `pytorch_model${variant}.bin`,
      sharded: `pytorch_model.bin.index${variant}.json`,
      read: openTorchShard,
    },
  ]) {
    const file = await files.open(whole);
    if (file !== undefined) return (await read(file)).getTensors(keys);
    const index = await readJson(files, sharded);
    if (index !== undefined) return readShards(files, indexOf(index, files.source), keys, read);
  }
  return undefined;
}

/** A file with tensors in it. */
interface Shard {
  readonly source: string;
  keys(): readonly string[];
  getTensors(names?: readonly string[]): Promise<Record<string, Tensor>>;
}

const openSafetensorsShard = (file: RandomAccess): Promise<Shard> => SafetensorsReader.open(file);

async function openTorchShard(file: RandomAccess): Promise<Shard> {
  const { source } = file;
  const value = await loadTorch<unknown>(await file.read(0, file.byteLength), { source });
  const isDict = typeof value === "object" && value !== null && !Array.isArray(value);
  const entries = isDict ? Object.entries(value) : [];
  const other = entries.find(([, item]) => !(item instanceof Tensor));
  if (!isDict || other !== undefined) {
    const what = other === undefined ? "it is no dictionary" : `${JSON.stringify(other[0])} is none`;
    throw new FileFormatError(
      `${source}: expected a dictionary of tensors, a state dict, but ${what}; other files of torch.save are read by loadTorch`,
      { source },
    );
  }
  const tensors = new Map(entries as [string, Tensor][]);
  const getTensors = async (
    names: readonly string[] = [...tensors.keys()],
  ): Promise<Record<string, Tensor>> =>
    Object.fromEntries(
      names.map((name): [string, Tensor] => {
        const found = tensors.get(name);
        if (found !== undefined) return [name, found];
        throw new ArgumentError(
          `${source}: there is no tensor ${JSON.stringify(name)}; there are ${tensors.size}`,
          { name },
        );
      }),
    );
  return { source, keys: () => [...tensors.keys()], getTensors };
}

/** An index: which file of the folder each tensor is in. */
interface ShardIndex {
  readonly source: string;
  readonly fileOf: ReadonlyMap<string, string>;
}

/** @throws FileFormatError when it names anything but files of the folder */
function indexOf({ source, value }: JsonFile, folder: string): ShardIndex {
  const map = Object.hasOwn(value, "weight_map") ? value.weight_map : undefined;
  if (typeof map !== "object" || map === null || Array.isArray(map)) {
    throw new FileFormatError(
      `${source}: expected an object "weight_map" from tensors to files, found none`,
      { source },
    );
  }
  const fileOf = new Map<string, string>();
  for (const [key, file] of Object.entries(map)) {
    if (typeof file !== "string" || !/^[\w][\w. -]*$/.test(file)) {
      throw new FileFormatError(
        `${source}: tensor ${JSON.stringify(key)} should be in the file ${JSON.stringify(file)}, which is no plain name of a file in ${folder}; ` +
          "an index may name nothing else",
        { source, key, file },
      );
    }
    fileOf.set(key, file);
  }
  if (fileOf.size === 0) throw new FileFormatError(`${source}: the index names no tensor`, { source });
  return { source, fileOf };
}

async function readShards(
  files: PretrainedFiles,
  { source, fileOf }: ShardIndex,
  keys: readonly string[] | undefined,
  open: (file: RandomAccess) => Promise<Shard>,
): Promise<Record<string, Tensor>> {
  const unknown = (keys ?? []).find((key) => !fileOf.has(key));
  if (unknown !== undefined) {
    throw new ArgumentError(
      `${source}: there is no tensor ${JSON.stringify(unknown)}; the index names ${fileOf.size}`,
      {
        key: unknown,
      },
    );
  }
  const names = [...new Set(fileOf.values())].sort();
  const opened = await Promise.all(names.map((name) => files.open(name)));
  const missing = names.filter((_, i) => opened[i] === undefined);
  if (missing.length > 0) {
    throw new FileFormatError(
      `${source}: of ${names.length} shards ${missing.length} are missing: ${missing.slice(0, 10).join(", ")}; download the whole model`,
      { source, missing },
    );
  }
  const wanted = new Set(keys ?? fileOf.keys());
  const all = new Map<string, Tensor>();
  // One after the other: of a large model only what is kept should be in memory.
  for (const [i, name] of names.entries()) {
    const here = new Set([...fileOf].filter(([, file]) => file === name).map(([key]) => key));
    if (![...here].some((key) => wanted.has(key))) continue;
    const shard = await open(opened[i] as RandomAccess);
    checkShard(shard, here, fileOf, source);
    const tensors = await shard.getTensors([...here].filter((key) => wanted.has(key)));
    for (const [key, tensor] of Object.entries(tensors)) all.set(key, tensor);
  }
  return Object.fromEntries(
    [...fileOf.keys()].filter((key) => all.has(key)).map((key) => [key, all.get(key) as Tensor]),
  );
}

/** A shard holds what the index says, and nothing else. */
function checkShard(
  shard: Shard,
  here: ReadonlySet<string>,
  fileOf: ReadonlyMap<string, string>,
  index: string,
): void {
  const found = new Set(shard.keys());
  const lacking = [...here].find((key) => !found.has(key));
  if (lacking !== undefined) {
    throw new FileFormatError(
      `${shard.source}: tensor ${JSON.stringify(lacking)} should be in it by ${index}, but is not; the files are of different versions: ` +
        "download the whole model again",
      { source: shard.source, key: lacking },
    );
  }
  const extra = [...found].find((key) => !here.has(key));
  if (extra !== undefined) {
    const other = fileOf.get(extra);
    const why =
      other === undefined
        ? `${index} does not name it`
        : `${index} says that it is in ${other}: it is in two shards, or in the wrong one`;
    throw new FileFormatError(
      `${shard.source}: holds tensor ${JSON.stringify(extra)}, but ${why}; the files are of different versions: download the whole model again`,
      { source: shard.source, key: extra },
    );
  }
}

/** An object out of a file of JSON. */
interface JsonFile {
  readonly source: string;
  readonly value: Readonly<Record<string, unknown>>;
}

async function readJson(files: PretrainedFiles, name: string): Promise<JsonFile | undefined> {
  const file = await files.open(name);
  if (file === undefined) return undefined;
  const { source, byteLength } = file;
  const bad = (reason: string, cause?: unknown): never => {
    throw new FileFormatError(`${source}: ${reason}; download it again`, { source }, { cause });
  };
  if (byteLength > largestJson)
    return bad(`found ${byteLength} bytes, expected a file of JSON of at most ${largestJson}`);
  let value: unknown;
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(await file.read(0, byteLength));
    value = JSON.parse(text);
  } catch (cause) {
    return bad(`found no valid JSON (${cause instanceof Error ? cause.message : String(cause)})`, cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return bad("expected a JSON object");
  const twice = findDuplicateKey(text);
  if (twice !== undefined) return bad(`${JSON.stringify(twice.key)} is named twice`);
  return { source, value: value as Record<string, unknown> };
}

/** @throws ArgumentError when it is neither an address nor files */
function filesOf(source: URL | readonly File[], { keys }: PretrainedOptions): PretrainedFiles {
  if (source instanceof URL) return atAddress(source, keys !== undefined);
  const isFiles = Array.isArray(source) && source.length > 0 && source.every((file) => file instanceof File);
  if (!isFiles) {
    throw new ArgumentError(
      "loadPretrained: source must be the URL of a folder, or a list of its files, such as [...input.files]; a path is read by " +
        "loadPretrainedFolder(path) of tatamijs/node",
      { source },
    );
  }
  const byName = new Map<string, File>();
  for (const file of source) {
    const other = byName.get(file.name);
    // Of a folder with folders in it, the files at the top are the model's.
    if (other === undefined || depthOf(file) < depthOf(other)) byName.set(file.name, file);
  }
  const open = async (name: string): Promise<RandomAccess | undefined> => {
    const file = byName.get(name);
    return file === undefined ? undefined : openSource(file, name);
  };
  return { source: "the files given", open };
}

function depthOf(file: File): number {
  return (file.webkitRelativePath ?? "").split("/").length;
}

/** @param isPartial Whether files of weights are read by ranges; the whole of one comes quicker in one piece. */
function atAddress(base: URL, isPartial: boolean): PretrainedFiles {
  const folder = new URL(base);
  if (!folder.pathname.endsWith("/")) folder.pathname += "/";
  const open = async (name: string): Promise<RandomAccess | undefined> => {
    const url = new URL(folder);
    url.pathname += encodeURIComponent(name);
    const response = await fetch(
      url,
      isPartial && name.endsWith(".safetensors") ? { method: "HEAD" } : {},
    ).catch((cause: unknown) => {
      throw new FileFormatError(
        `${url.href}: the server cannot be reached; check the address, and that it may be read from this page`,
        { source: url.href },
        { cause },
      );
    });
    if (response.status === 404) return undefined;
    checkResponse(response, url.href);
    if (isPartial && name.endsWith(".safetensors")) return openSource(url, url.href);
    return openSource(new Uint8Array(await response.arrayBuffer()), url.href);
  };
  return { source: folder.href, open };
}
