/**
 * Files over 500 lines and functions over 60 need a reason in a comment, `// long: the reason`: a file's among its
 * first 40 lines, a function's directly above it or on its first two lines. Tests may have long functions (a suite is one), and so may
 * the numbered examples: each is one script, read from top to bottom. A Svelte component has 200 lines at most, without exceptions.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { filesIn, root } from "./lib/files.mjs";

const fileLimit = 500;
const functionLimit = 60;
const componentLimit = 200;
const headerLines = 40;
const reason = /\/\/ long: \S/;

/**
 * What is too long in a file without saying why.
 *
 * @param {string} path
 * @param {string} text
 * @returns {string[]}
 */
export function sizeComplaints(path, text) {
  const lines = text.replace(/\n$/, "").split("\n");
  const complaints = [];
  if (path.endsWith(".svelte")) {
    const isLong = lines.length > componentLimit;
    return isLong ? [`${path}: ${lines.length} lines; components have ${componentLimit} at most`] : [];
  }
  const excused = lines.slice(0, headerLines).some((line) => reason.test(line));
  if (lines.length > fileLimit && !excused) {
    complaints.push(`${path}: ${lines.length} lines; over ${fileLimit} the header needs "// long: reason"`);
  }
  const isScript = path.endsWith(".test.ts") || /^examples\/\d\d-/.test(path);
  if (!isScript) complaints.push(...functionComplaints(path, text));
  return complaints;
}

/**
 * @param {string} path
 * @param {string} text
 */
function functionComplaints(path, text) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const lineOf = (/** @type {number} */ at) => source.getLineAndCharacterOfPosition(at).line;
  /** @type {string[]} */
  const complaints = [];
  const visit = (/** @type {ts.Node} */ node) => {
    if (ts.isFunctionLike(node) && "body" in node && node.body !== undefined) {
      const first = lineOf(node.getStart(source));
      const length = lineOf(node.getEnd()) - first + 1;
      if (length > functionLimit && !reason.test(surroundings(source, node, first))) {
        complaints.push(
          `${path}:${first + 1}: ${nameOf(node)} has ${length} lines; over ${functionLimit} needs "// long: reason"`,
        );
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return complaints;
}

/**
 * The comments above the statement or member that a function belongs to, and the function's first two lines.
 *
 * @param {ts.SourceFile} source
 * @param {ts.Node} node
 * @param {number} first
 */
function surroundings(source, node, first) {
  let owner = node;
  while (!ts.isStatement(owner) && !ts.isClassElement(owner) && !ts.isPropertyAssignment(owner)) {
    owner = owner.parent;
  }
  const starts = source.getLineStarts();
  const end = starts[Math.min(first + 2, starts.length - 1)];
  return source.text.slice(owner.getFullStart(), end);
}

/** @param {ts.SignatureDeclaration} node */
function nameOf(node) {
  const parent = /** @type {{ name?: ts.Node }} */ (node.parent);
  return (node.name ?? parent.name)?.getText() ?? "a function";
}

const folders = ["src", "test", "bench", "scripts", "examples", "studio/src"];
const paths = folders.flatMap((folder) => filesIn(folder, (path) => /\.m?ts$|\.(mjs|svelte)$/.test(path)));
const complaints = paths.flatMap((path) => sizeComplaints(path, readFileSync(join(root, path), "utf8")));
for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length === 0 ? 0 : 1;
