/**
 * The values that user code has made since the last flush. Small ones are computed then, so that reading them later
 * always works.
 */
import { byteSize } from "../base/dtype.ts";
import { sizeOf } from "../base/shape.ts";
import type { Node } from "../graph/node.ts";

/** Values up to this size are computed at every flush and kept, so that reading them later always works. */
const keptBytes = 64 * 1024;
/** The same for values made inside of a module's call that it does not give out. */
const keptInsideBytes = 4 * 1024;

const bytesOf = (node: Node): number => sizeOf(node.shape) * byteSize(node.dtype);

export class MadeValues {
  #nodes: Node[] = [];

  get count(): number {
    return this.#nodes.length;
  }

  add(node: Node): void {
    this.#nodes.push(node);
  }

  /** Whether no other value than this one waits. */
  holdsOnly(node: Node): boolean {
    const { length } = this.#nodes;
    return length === 0 || (length === 1 && this.#nodes[0] === node);
  }

  /** Takes a value back: nobody can ask for it. */
  remove(node: Node): void {
    const at = this.#nodes.lastIndexOf(node);
    if (at >= 0) this.#nodes.splice(at, 1);
  }

  /** Of the values since there were `from` of them, takes back the large ones that are not `shown`. */
  hide(from: number, shown: ReadonlySet<Node>): void {
    const nodes = this.#nodes;
    let end = from;
    for (let i = from; i < nodes.length; i++) {
      const node = nodes[i] as Node;
      if (bytesOf(node) <= keptInsideBytes || shown.has(node)) nodes[end++] = node;
    }
    if (end < nodes.length) nodes.length = end;
  }

  /** The small ones that are not known yet; none are left. */
  take(): Node[] {
    const nodes = this.#nodes;
    this.#nodes = [];
    return nodes.filter((n) => n.value === null && bytesOf(n) <= keptBytes);
  }
}
