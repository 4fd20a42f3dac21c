/**
 * What the host is and which settings it passes. The only place that looks at global objects of a platform.
 */

/** True under Node (and runtimes that present themselves as Node), false in a browser. */
export const isNode: boolean =
  typeof process !== "undefined" && process.versions !== undefined && process.versions.node !== undefined;

/** Value of an environment variable, or `undefined` where there is no environment. */
export function environmentFlag(name: string): string | undefined {
  return isNode ? process.env[name] : undefined;
}
