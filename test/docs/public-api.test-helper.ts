/**
 * What the package exports, read from the sources with the TypeScript compiler: every public name with the text that
 * documents it.
 */
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** A public name: `nn.Conv2d`, `Tensor.add`, `tensor`. */
export interface PublicName {
  readonly name: string;
  /** Types and interfaces are names of the compiler only; the rest exists at run time. */
  readonly kind: "class" | "function" | "value" | "method" | "type";
  /** The first documentation comment, without its stars; "" where there is none. */
  readonly documentation: string;
  /** Code of its `@example` blocks. */
  readonly examples: readonly string[];
  /** Where it is declared: path from the root, and line. */
  readonly place: string;
}

const root: string = fileURLToPath(new URL("../../", import.meta.url));

/** Options of the project's own tsconfig.json. */
export function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile) as { config: unknown };
  return ts.parseJsonConfigFileContent(config, ts.sys, root).options;
}

/** All public names, in the order of their declaration files' exports. */
export function publicNames(): PublicName[] {
  const entries = ["src/index.ts", "src/node.ts"].map((path) => root + path);
  const program = ts.createProgram(entries, compilerOptions());
  const checker = program.getTypeChecker();
  const found: PublicName[] = [];
  for (const entry of entries) {
    const source = program.getSourceFile(entry);
    const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${entry} exports nothing`);
    collect(checker, module, "", found);
  }
  return found;
}

function collect(checker: ts.TypeChecker, module: ts.Symbol, prefix: string, found: PublicName[]): void {
  for (const exported of checker.getExportsOfModule(module)) {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    const name = prefix + exported.name;
    if (symbol.flags & ts.SymbolFlags.ValueModule) collect(checker, symbol, `${name}.`, found);
    else found.push(entryOf(symbol, name), ...membersOf(symbol, name));
  }
}

/** Public methods and accessors of the classes whose surface users work with all the time. */
function membersOf(symbol: ts.Symbol, name: string): PublicName[] {
  if (!["Tensor", "nn.Module"].includes(name)) return [];
  const members = [...(symbol.members?.values() ?? [])];
  return members
    .filter((m) => m.flags & (ts.SymbolFlags.Method | ts.SymbolFlags.Accessor))
    .filter((m) => !/^(__|#)/.test(m.name) && !hasTag(m, "internal"))
    .map((m) => ({ ...entryOf(m, `${name}.${m.name}`), kind: "method" }));
}

function hasTag(symbol: ts.Symbol, tag: string): boolean {
  return symbol.getJsDocTags().some((t) => t.name === tag);
}

function entryOf(symbol: ts.Symbol, name: string): PublicName {
  const declarations = symbol.declarations ?? [];
  const text = declarations.map(commentOf).find((comment) => comment !== "") ?? "";
  const [first] = declarations;
  const source = first?.getSourceFile();
  const line =
    first === undefined || source === undefined
      ? 0
      : source.getLineAndCharacterOfPosition(first.getStart()).line;
  return {
    name,
    kind: kindOf(symbol),
    documentation: text,
    examples: examplesIn(text),
    place: `${source?.fileName.replace(root, "") ?? "?"}:${line + 1}`,
  };
}

function kindOf(symbol: ts.Symbol): PublicName["kind"] {
  if (symbol.flags & ts.SymbolFlags.Class) return "class";
  if (symbol.flags & ts.SymbolFlags.Function) return "function";
  return symbol.flags & ts.SymbolFlags.Value ? "value" : "type";
}

/** The comment right above a declaration, without stars. */
function commentOf(declaration: ts.Declaration): string {
  const owner = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  const text = owner.getSourceFile().text;
  const ranges = ts.getLeadingCommentRanges(text, owner.getFullStart()) ?? [];
  const last = ranges
    .map((r) => text.slice(r.pos, r.end))
    .filter((c) => c.startsWith("/**"))
    .at(-1);
  return last === undefined
    ? ""
    : last
        .replace(/^\/\*\*[ \t]*|\s*\*\/$/g, "")
        .split("\n")
        .map((line) => line.replace(/^\s*\* ?/, ""))
        .join("\n")
        .trim();
}

function examplesIn(text: string): string[] {
  return [...text.matchAll(/^@example[ \t]*\n?([\s\S]*?)(?=^@|$(?![\s\S]))/gm)].map(([, code]) =>
    (code ?? "").replace(/^```\w*\n|\n```\s*$/g, "").trim(),
  );
}
