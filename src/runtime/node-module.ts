/**
 * Node's own modules, for code that runs elsewhere too. The types of public declarations must not lead here: whoever compiles
 * for a browser has no types of Node.
 */
import { isNode } from "../base/env.ts";

type NodeModules = {
  "node:child_process": typeof import("node:child_process");
  "node:crypto": typeof import("node:crypto");
  "node:fs": typeof import("node:fs");
  "node:module": typeof import("node:module");
  "node:path": typeof import("node:path");
  "node:v8": typeof import("node:v8");
  "node:os": typeof import("node:os");
  "node:worker_threads": typeof import("node:worker_threads");
};

/**
 * One of Node's own modules, or `undefined` elsewhere. Asking the process, instead of importing, stays
 * synchronous and shows no "node:" import to bundlers.
 */
export function nodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined {
  if (!isNode) return undefined;
  return process.getBuiltinModule?.(name) as NodeModules[Name] | undefined;
}
