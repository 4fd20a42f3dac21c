/**
 * State dicts: plain objects from key to tensor. Loading is checked completely before anything is changed.
 */
import { isFloat } from "../base/dtype.ts";
import { StateDictError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import { formatShape, sameShape } from "../base/shape.ts";
import { currentEngine } from "../engine/default.ts";
import { withGradMode } from "../graph/node.ts";
import { Tensor } from "../tensor/tensor.ts";

/** A plain object from key, such as `layer1.0.bn1.weight`, to tensor. */
export type StateDict = Record<string, Tensor>;

/** What did not match, for a dict loaded with `strict: false`. */
export interface LoadResult {
  /** Keys of the module that the dict does not have. */
  readonly missingKeys: string[];
  /** Keys of the dict that the module does not have. */
  readonly unexpectedKeys: string[];
}

/**
 * Copies values of a dict into the tensors of the same key. @throws StateDictError naming every key that is missing,
 * unexpected (both only if strict) or of another shape; nothing is changed then.
 */
export function loadInto(
  own: ReadonlyMap<string, Tensor>,
  dict: StateDict,
  strict: boolean,
  name: string,
): LoadResult {
  if (typeof dict !== "object" || dict === null || dict instanceof Promise) {
    const fix =
      (dict as unknown) instanceof Promise ? "await it first" : "as stateDict() and loadSafetensors give it";
    throw new StateDictError(
      `loadStateDict: ${name} needs an object from key to tensor; got ${(dict as unknown) instanceof Promise ? "a promise" : show(dict)}; ${fix}`,
      { dict },
    );
  }
  const missingKeys = [...own.keys()].filter((key) => !Object.hasOwn(dict, key));
  const unexpectedKeys = Object.keys(dict).filter((key) => !own.has(key));
  const problems: string[] = [];
  if (strict && missingKeys.length > 0) problems.push(`missing: ${missingKeys.join(", ")}`);
  if (strict && unexpectedKeys.length > 0) problems.push(`unexpected: ${unexpectedKeys.join(", ")}`);
  const pairs: [Tensor, Tensor][] = [];
  for (const [key, tensor] of own) {
    if (!Object.hasOwn(dict, key)) continue;
    const value: unknown = dict[key];
    if (!(value instanceof Tensor)) problems.push(`${key} is not a tensor`);
    else if (!sameShape(value.shape, tensor.shape)) {
      problems.push(`${key} has shape ${formatShape(value.shape)}, expected ${formatShape(tensor.shape)}`);
    } else if (isFloat(value.dtype) !== isFloat(tensor.dtype)) {
      problems.push(`${key} is ${value.dtype}, expected ${tensor.dtype}`);
    } else pairs.push([tensor, value]);
  }
  if (problems.length > 0) {
    // What has another shape or type is refused without `strict` too.
    const onlyKeys = problems.every((p) => p.startsWith("missing: ") || p.startsWith("unexpected: "));
    const hint = onlyKeys
      ? "use { strict: false } to load only the keys that match"
      : "load a dict of the same layers, or leave the keys that differ out of it and use { strict: false }";
    throw new StateDictError(
      `loadStateDict: the state dict does not fit ${name}: ${problems.join("; ")}; ${hint}`,
      {
        missingKeys,
        unexpectedKeys,
        problems,
      },
    );
  }
  // All sources are read before the first write: a dict may hold tensors of the module itself.
  const values = pairs.map(([, value]) => value.node);
  withGradMode(false, () =>
    pairs.forEach(([tensor], i) => void tensor.assignNode(values[i] as Tensor["node"])),
  );
  // Now, and not together with the next step: its program is to be the same as that of the steps after it.
  void currentEngine().flush();
  return { missingKeys, unexpectedKeys };
}
