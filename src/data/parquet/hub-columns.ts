/** Which columns of a Parquet file are the images and the labels, by the hub's metadata, by name, or as the user says. */
import { ArgumentError, FileFormatError } from "../../base/errors.ts";
import type { ParquetFile, ParquetLeaf } from "./parquet-file.ts";

/** The columns of a set of images. */
export interface ImageColumns {
  readonly image: ParquetLeaf;
  readonly label: ParquetLeaf;
  /** Names of the classes, where the metadata has them. */
  readonly classes: readonly string[] | undefined;
}

/** What is said of a column in the metadata: its kind, and the names of a class label. */
interface Feature {
  readonly kind: string;
  readonly names: readonly string[] | undefined;
}

/** @throws FileFormatError naming the columns that there are; ArgumentError when the user names one that is not */
export function hubColumns(
  file: ParquetFile,
  { imageColumn, labelColumn }: { readonly imageColumn?: string; readonly labelColumn?: string },
): ImageColumns {
  const features = featuresOf(file);
  const imageName =
    imageColumn ?? only(file, features, "Image", "imageColumn") ?? namedAs(file, ["image", "img"]);
  const image =
    leafAt(file, [imageName, "bytes"]) ??
    leafAt(file, [imageName]) ??
    missing(file, imageColumn, imageName, "images (bytes, or a struct with bytes in it)", "imageColumn");
  const labelName =
    labelColumn ?? only(file, features, "ClassLabel", "labelColumn") ?? namedAs(file, ["label"]);
  const label = leafAt(file, [labelName]) ?? missing(file, labelColumn, labelName, "labels", "labelColumn");
  if (image.type !== "BYTE_ARRAY") wrongType(file, image, "images", "bytes");
  if (label.type !== "INT64" && label.type !== "INT32") wrongType(file, label, "labels", "whole numbers");
  return { image, label, classes: features.get(labelName)?.names };
}

function topNames(file: ParquetFile): string[] {
  return [...new Set(file.leaves.map(({ path }) => path[0] as string))];
}

/** The only column of a kind; among several the one that has the usual name. */
function only(
  file: ParquetFile,
  features: ReadonlyMap<string, Feature>,
  kind: string,
  option: string,
): string | undefined {
  const found = [...features].filter(([, feature]) => feature.kind === kind).map(([name]) => name);
  const usual = kind === "Image" ? "image" : "label";
  if (found.length <= 1 || found.includes(usual)) return found.includes(usual) ? usual : found[0];
  throw new FileFormatError(
    `${file.source}: there are several columns of the kind ${kind}: ${found.map((name) => JSON.stringify(name)).join(", ")}; choose one by ` +
      `the option ${option}`,
    { source: file.source, found },
  );
}

function namedAs(file: ParquetFile, names: readonly string[]): string {
  const there = topNames(file);
  return names.find((name) => there.includes(name)) ?? (names[0] as string);
}

function leafAt(file: ParquetFile, path: readonly string[]): ParquetLeaf | undefined {
  return file.leaves.find(
    (leaf) => leaf.path.length === path.length && leaf.path.every((part, i) => part === path[i]),
  );
}

function missing(
  file: ParquetFile,
  given: string | undefined,
  name: string,
  what: string,
  option: string,
): never {
  const there = topNames(file)
    .slice(0, 20)
    .map((column) => JSON.stringify(column))
    .join(", ");
  const message = `${file.source}: there is no column ${JSON.stringify(name)} of ${what}; it has ${there || "none"}`;
  if (given !== undefined) throw new ArgumentError(`${message}; set ${option} to one of them`, { name });
  throw new FileFormatError(`${message}; set the option ${option}`, { source: file.source, name });
}

function wrongType(file: ParquetFile, { path, type }: ParquetLeaf, what: string, wanted: string): never {
  throw new FileFormatError(
    `${file.source}: the column ${path.join(".")} of ${what} has the type ${type}, expected ${wanted}`,
    { source: file.source, path, type },
  );
}

/** What the writer of the hub's files says about the columns; nothing where another one wrote them. */
function featuresOf(file: ParquetFile): Map<string, Feature> {
  let info: unknown;
  try {
    info = JSON.parse(file.keyValues.get("huggingface") ?? "{}");
  } catch {
    return new Map();
  }
  const features = field(field(info, "info"), "features");
  if (typeof features !== "object" || features === null) return new Map();
  return new Map(
    Object.entries(features).map(([name, feature]): [string, Feature] => {
      const names = field(feature, "names");
      const isList = Array.isArray(names) && names.every((item) => typeof item === "string");
      return [name, { kind: String(field(feature, "_type")), names: isList ? names : undefined }];
    }),
  );
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
