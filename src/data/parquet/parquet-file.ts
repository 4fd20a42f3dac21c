/**
 * Columns of a Parquet file, one row group at a time. The package hyparquet reads what is described in the file (its
 * footer and the headers of pages), fzstd unpacks Zstandard; both are loaded when they are needed. The rest is done here,
 * since every count and size is to be checked before memory is taken: a damaged or hostile file gives a `FileFormatError`.
 *
 * Read are columns of bytes, INT32 and INT64 that repeat in no row, alone or within structs; plain or by a dictionary;
 * uncompressed or packed by Snappy, gzip or Zstandard. Everything else is refused by name.
 */
import type { FileMetaData, PageHeader, RowGroup, SchemaElement } from "hyparquet";
import { FileFormatError } from "../../base/errors.ts";
import type { RandomAccess } from "../../base/random-access.ts";
import { type LeafType, type PageFail, type ParquetValue, plainValues, runs } from "./page-values.ts";
import { unpackSnappy } from "./snappy.ts";

/** A column without children, by its path, such as `["image", "bytes"]`. */
export interface ParquetLeaf {
  readonly path: readonly string[];
  /** The physical type; it may be one that is not read. */
  readonly type: string;
  /** How many parts of the path may be missing in a row. */
  readonly optional: number;
  readonly repeated: boolean;
}

/** Larger footers, pages and groups are attacks, or beyond what a page of memory is for. */
const limits = { footer: 2 ** 28, page: 2 ** 30, rowsPerGroup: 2 ** 24 };

/** How much a packed page can grow; beyond that its size is a lie. */
const growth: Readonly<Record<string, number>> = { UNCOMPRESSED: 1, SNAPPY: 32, GZIP: 1032, ZSTD: 2 ** 17 };

type Hyparquet = typeof import("hyparquet") & typeof import("hyparquet/src/column.js");

/** A file whose footer has been read and checked. */
export class ParquetFile {
  readonly source: string;
  readonly leaves: readonly ParquetLeaf[];
  /** Rows of each row group. */
  readonly groupRows: readonly number[];
  /** Texts that the writer put beside the columns, by key. */
  readonly keyValues: ReadonlyMap<string, string>;
  readonly #file: RandomAccess;
  readonly #groups: readonly RowGroup[];
  readonly #package: Hyparquet;

  private constructor(file: RandomAccess, metadata: FileMetaData, hyparquet: Hyparquet) {
    this.source = file.source;
    this.#file = file;
    this.#package = hyparquet;
    this.leaves = leavesOf(metadata.schema, (reason) => this.#fail(reason));
    this.#groups = metadata.row_groups;
    this.keyValues = new Map((metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? ""]));
    this.groupRows = this.#groups.map(({ num_rows: rows }, g) => {
      const count = Number(rows);
      if (Number.isSafeInteger(count) && count >= 0 && count <= limits.rowsPerGroup) return count;
      return this.#fail(
        `row group ${g} says that it has ${rows} rows; at most ${limits.rowsPerGroup} are read`,
      );
    });
    const total = this.groupRows.reduce((sum, rows) => sum + rows, 0);
    // A few bytes can stand for any number of equal values, but an image takes one at least.
    if (total > Math.max(2 ** 16, file.byteLength)) {
      this.#fail(
        `the footer says ${total} rows, but the file has only ${file.byteLength} bytes; it is damaged`,
      );
    }
    if (BigInt(total) !== BigInt(metadata.num_rows)) {
      this.#fail(
        `the footer says ${metadata.num_rows} rows, but its row groups have ${total}; the file is damaged`,
      );
    }
  }

  /** @throws FileFormatError when it is no Parquet file, or a damaged one */
  static async open(file: RandomAccess): Promise<ParquetFile> {
    const fail: PageFail = (reason) => failed(file.source, reason);
    const footer = await readFooter(file, fail);
    const [main, columns] = await Promise.all([import("hyparquet"), import("hyparquet/src/column.js")]);
    return guarded(file.source, "the footer", async () => {
      const metadata = main.parquetMetadata(footer, { geoparquet: false });
      return new ParquetFile(file, metadata, { ...main, ...columns });
    });
  }

  /**
   * Values of a column in one row group, one for each row; null where there is none.
   *
   * @throws FileFormatError when they are damaged, or of a form that is not read
   */
  async readColumn(group: number, leaf: ParquetLeaf): Promise<(ParquetValue | null)[]> {
    const name = leaf.path.join(".");
    const fail: PageFail = (reason) => this.#fail(`column ${name} of row group ${group}: ${reason}`);
    return guarded(this.source, `column ${name} of row group ${group}`, async () => {
      const chunk = this.#groups[group]?.columns.find(
        ({ meta_data: data }) => data?.path_in_schema.join("\n") === leaf.path.join("\n"),
      );
      const data = chunk?.meta_data ?? fail("the file does not say where it lies");
      if (chunk?.file_path) fail(`it lies in another file, ${chunk.file_path}`);
      const start = Number(data.dictionary_page_offset || data.data_page_offset);
      const end = start + Number(data.total_compressed_size);
      if (!(start >= 0 && end >= start && end <= this.#file.byteLength)) {
        fail(
          `it should lie at bytes ${start} to ${end} of a file of ${this.#file.byteLength}; the file is cut off`,
        );
      }
      const bytes = await this.#file.read(start, end);
      if (bytes.length !== end - start) fail("the file has become shorter while it was read");
      return this.#readPages(bytes, leaf, { codec: data.codec, rows: this.groupRows[group] as number, fail });
    });
  }

  #fail(reason: string): never {
    return failed(this.source, reason);
  }

  async #readPages(bytes: Uint8Array, leaf: ParquetLeaf, chunk: ChunkInfo): Promise<(ParquetValue | null)[]> {
    const { rows, fail } = chunk;
    const type = leafType(leaf, fail);
    const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
    const out: (ParquetValue | null)[] = [];
    let dictionary: ParquetValue[] | undefined;
    while (out.length < rows) {
      if (reader.offset >= bytes.length)
        fail(`there are ${out.length} values for ${rows} rows; the file is damaged`);
      const header = this.#package.parquetHeader(reader);
      const packed = pageBytes(bytes, reader.offset, header, chunk);
      reader.offset += packed.length;
      if (header.type === "DICTIONARY_PAGE") {
        const page = await this.#unpack(packed, header.uncompressed_page_size, chunk);
        const count = header.dictionary_page_header?.num_values ?? -1;
        if (!(count >= 0 && count <= rows))
          fail(`the dictionary says that it has ${count} values for ${rows} rows`);
        dictionary = plainValues(page, type, count, fail);
        continue;
      }
      const page = await this.#dataPage(header, packed, leaf, chunk, rows - out.length);
      const values = pageValues(page, type, dictionary, fail);
      let next = 0;
      for (let i = 0; i < page.count; i++) {
        const isThere = page.levels === undefined || page.levels[i] === leaf.optional;
        out.push(isThere ? (values[next++] as ParquetValue) : null);
      }
    }
    return out;
  }

  /** A page of either version as its levels and the bytes of its values. */
  async #dataPage(
    header: PageHeader,
    packed: Uint8Array,
    { optional }: ParquetLeaf,
    chunk: ChunkInfo,
    most: number,
  ): Promise<DataPage> {
    const { fail } = chunk;
    const width = optional === 0 ? 0 : 32 - Math.clz32(optional);
    const second = header.type === "DATA_PAGE_V2" ? header.data_page_header_v2 : undefined;
    const about = second ?? (header.type === "DATA_PAGE" ? header.data_page_header : undefined);
    if (about === undefined) return fail(`a page is of the kind ${header.type}, which is not read`);
    const count = about.num_values;
    if (!(count >= 0 && count <= most))
      fail(`a page says that it has ${count} values where ${most} are left`);
    if (second === undefined) {
      const page = await this.#unpack(packed, header.uncompressed_page_size, chunk);
      if (width === 0) return dataPage(count, undefined, page, about.encoding, optional);
      const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
      const length = page.length < 4 ? -1 : view.getUint32(0, true);
      if (length < 0 || 4 + length > page.length) fail("the levels of a page reach beyond its end");
      const levels = runs(page.subarray(4, 4 + length), width, count, fail);
      return dataPage(count, levels, page.subarray(4 + length), about.encoding, optional);
    }
    const length = second.definition_levels_byte_length;
    if (second.repetition_levels_byte_length !== 0 || !(length >= 0 && length <= packed.length)) {
      fail("the levels of a page reach beyond its end");
    }
    const levels = width === 0 ? undefined : runs(packed.subarray(0, length), width, count, fail);
    const rest = packed.subarray(length);
    const size = header.uncompressed_page_size - length;
    const isPacked = second.is_compressed !== false && size !== 0;
    return dataPage(
      count,
      levels,
      isPacked ? await this.#unpack(rest, size, chunk) : rest,
      about.encoding,
      optional,
    );
  }

  async #unpack(packed: Uint8Array, size: number, { codec, fail }: ChunkInfo): Promise<Uint8Array> {
    const most =
      growth[codec] ??
      fail(`it is packed by ${codec}; write it with snappy, gzip or zstd, pyarrow's own and its relatives`);
    if (!(size >= 0 && size <= limits.page && size <= 128 + packed.length * most)) {
      fail(`a page of ${packed.length} bytes cannot unpack to ${size}`);
    }
    if (codec === "UNCOMPRESSED")
      return packed.length === size ? packed : fail(`a page has ${packed.length} bytes and says ${size}`);
    if (codec === "GZIP") return gunzip(packed, size, fail);
    if (codec === "SNAPPY") return unpackSnappy(packed, size, fail);
    const { decompress } = await import("fzstd");
    const page = decompress(packed, new Uint8Array(size));
    if (page.length !== size) fail(`a page does not unpack to ${size} bytes`);
    return page;
  }
}

/** What the pages of one column in one row group have in common. */
interface ChunkInfo {
  readonly codec: string;
  readonly rows: number;
  readonly fail: PageFail;
}

interface DataPage {
  readonly count: number;
  /** How deep each value is there; undefined where none may be missing. */
  readonly levels: Int32Array | undefined;
  /** Number of values that are there. */
  readonly there: number;
  readonly bytes: Uint8Array;
  readonly encoding: string | undefined;
}

function dataPage(
  count: number,
  levels: Int32Array | undefined,
  bytes: Uint8Array,
  encoding: string | undefined,
  optional: number,
): DataPage {
  const there =
    levels === undefined ? count : levels.reduce((sum, level) => sum + (level === optional ? 1 : 0), 0);
  return { count, levels, there, bytes, encoding };
}

function pageValues(
  { bytes, there, encoding }: DataPage,
  type: LeafType,
  dictionary: readonly ParquetValue[] | undefined,
  fail: PageFail,
): readonly ParquetValue[] {
  if (encoding === "PLAIN") return plainValues(bytes, type, there, fail);
  if (encoding !== "RLE_DICTIONARY" && encoding !== "PLAIN_DICTIONARY") {
    return fail(
      `its values are encoded as ${encoding}; write it with plain or dictionary encoding, which are pyarrow's own`,
    );
  }
  if (there === 0) return [];
  const known = dictionary ?? fail("a page refers to a dictionary that is not there");
  const width = bytes[0] ?? 33;
  if (width > 24) fail(`a page's indices should have ${width} bits`);
  const indices = runs(bytes.subarray(1), width, there, fail);
  return Array.from(
    indices,
    (index) => known[index] ?? fail(`a page refers to value ${index} of a dictionary of ${known.length}`),
  );
}

function leafType({ type, repeated }: ParquetLeaf, fail: PageFail): LeafType {
  if (repeated) fail("it is a list in each row, which is not read");
  if (type === "BYTE_ARRAY" || type === "INT32" || type === "INT64") return type;
  return fail(`it has the type ${type}; read are BYTE_ARRAY, INT32 and INT64`);
}

function pageBytes(
  bytes: Uint8Array,
  at: number,
  { compressed_page_size: size }: PageHeader,
  { fail }: ChunkInfo,
): Uint8Array {
  if (!(size >= 0 && at + size <= bytes.length)) fail(`a page of ${size} bytes reaches beyond the column`);
  return bytes.subarray(at, at + size);
}

/** The last bytes of the file: what describes it, its length and the mark at the end. */
async function readFooter(file: RandomAccess, fail: PageFail): Promise<Uint8Array> {
  if (file.byteLength < 12) fail(`the file has ${file.byteLength} bytes, too few for a Parquet file`);
  const end = await file.read(file.byteLength - 8, file.byteLength);
  const [magic, encrypted] = ["PAR1", "PARE"].map((mark) =>
    [...mark].every((char, i) => end[4 + i] === char.charCodeAt(0)),
  );
  if (encrypted) fail("the file is encrypted; write it without");
  if (!magic) fail('a Parquet file ends with "PAR1", this one does not; it is cut off, or another format');
  const length = new DataView(end.buffer, end.byteOffset, 4).getUint32(0, true);
  if (length > Math.min(limits.footer, file.byteLength - 12)) {
    fail(`the footer should have ${length} bytes, but the file has ${file.byteLength}; it is damaged`);
  }
  return file.read(file.byteLength - 8 - length, file.byteLength);
}

/** Columns without children, in order, out of the schema, which lists a tree from the top, depth first. */
function leavesOf(schema: readonly SchemaElement[], fail: PageFail): ParquetLeaf[] {
  const leaves: ParquetLeaf[] = [];
  let at = 1;
  const walk = (count: number, parent: Omit<ParquetLeaf, "type">): void => {
    for (let i = 0; i < count; i++) {
      const element = schema[at++] ?? fail("the schema ends too early; the file is damaged");
      if (parent.path.length > 32) fail("the schema is more than 32 levels deep");
      const optional = parent.optional + (element.repetition_type === "OPTIONAL" ? 1 : 0);
      const repeated = parent.repeated || element.repetition_type === "REPEATED";
      const here = { path: [...parent.path, element.name], optional, repeated };
      if (element.type === undefined) walk(element.num_children ?? 0, here);
      else leaves.push({ ...here, type: element.type });
    }
  };
  walk(schema[0]?.num_children ?? 0, { path: [], optional: 0, repeated: false });
  return leaves;
}

async function gunzip(packed: Uint8Array, size: number, fail: PageFail): Promise<Uint8Array> {
  const page = new Uint8Array(size);
  let length = 0;
  const reader = new Blob([packed as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream("gzip"))
    .getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (length + part.value.length > size) {
      await reader.cancel();
      fail(`a page unpacks to more than the ${size} bytes that it says`);
    }
    page.set(part.value, length);
    length += part.value.length;
  }
  return length === size ? page : fail(`a page unpacks to ${length} bytes, not ${size}`);
}

function failed(source: string, reason: string): never {
  throw new FileFormatError(`${source}: ${reason}`, { source });
}

/** What the packages throw at a damaged file becomes an error that names it. */
async function guarded<T>(source: string, part: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (cause instanceof FileFormatError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FileFormatError(
      `${source}: ${part} cannot be read (${reason}); the file is damaged`,
      { source },
      { cause },
    );
  }
}
