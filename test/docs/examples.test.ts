/**
 * Runs every `@example` of the public documentation, and checks its types. All public names are in scope, and the
 * fixtures of `example-fixtures.test-helper.ts`. Where a statement is followed by a comment that is a value, it must have this value:
 *
 *     tensor([1, 2]).mul(2); // [2, 4]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as tatami from "../../src/index.ts";
import * as node from "../../src/node.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { fixtures } from "./example-fixtures.test-helper.ts";
import { compilerOptions, type PublicName, publicNames } from "./public-api.test-helper.ts";

const names = publicNames().filter((entry) => !entry.name.startsWith("nn.functional."));
const examples = names.flatMap((entry) =>
  entry.examples.map((code, i) => ({ entry, code, title: i === 0 ? entry.name : `${entry.name} ${i + 1}` })),
);

/** A value as a comment shows it: tensors and typed arrays as lists. */
async function shown(value: unknown): Promise<unknown> {
  const settled = await value;
  if (settled instanceof Tensor) return settled.array();
  if (ArrayBuffer.isView(settled)) return Array.from(settled as Float32Array);
  if (Array.isArray(settled)) return Promise.all(settled.map(shown));
  if (typeof settled !== "object" || settled === null) return settled;
  if (Object.getPrototypeOf(settled) !== Object.prototype) return String(settled);
  return Object.fromEntries(
    await Promise.all(Object.entries(settled).map(async ([k, v]) => [k, await shown(v)] as const)),
  );
}

/** Numbers agree to about four digits, everything else exactly. */
function agree(actual: unknown, wanted: unknown): boolean {
  if (typeof wanted === "number" && typeof actual === "number") {
    return Object.is(actual, wanted) || Math.abs(actual - wanted) <= 5e-4 * Math.max(Math.abs(wanted), 0.1);
  }
  if (typeof wanted !== "object" || wanted === null) return actual === wanted;
  if (typeof actual !== "object" || actual === null) return false;
  const keys = Object.keys(wanted);
  return (
    keys.length === Object.keys(actual).length &&
    keys.every((k) => agree(Reflect.get(actual, k), Reflect.get(wanted, k)))
  );
}

/** The value that a comment is, or undefined where it is a remark. */
function valueIn(comment: string): { readonly value: unknown } | undefined {
  if (!/^(-?[\d.[{"]|true$|false$|null$|NaN$|-?Infinity$)/.test(comment)) return undefined;
  try {
    return { value: new Function(`return (${comment});`)() };
  } catch {
    return undefined;
  }
}

/** The example with a check put in for each value that its comments name. */
function withChecks(code: string): string {
  const source = ts.createSourceFile("example.ts", code, ts.ScriptTarget.Latest, true);
  let out = "";
  let done = 0;
  for (const statement of source.statements) {
    const comment = ts
      .getTrailingCommentRanges(code, statement.end)
      ?.map((r) => code.slice(r.pos + 2, r.end).trim())[0];
    out += code.slice(done, statement.getStart());
    out += comment !== undefined && valueIn(comment) ? checked(statement, comment) : statement.getText();
    done = statement.end;
  }
  return out + code.slice(done);
}

function checked(statement: ts.Statement, comment: string): string {
  const text = JSON.stringify(comment);
  if (ts.isExpressionStatement(statement)) {
    const { expression } = statement;
    const printed = ts.isCallExpression(expression) && expression.expression.getText() === "console.log";
    const value = printed ? expression.arguments[0] : expression;
    return `await expectValue(${value?.getText()}, ${text});`;
  }
  const [declaration] = ts.isVariableStatement(statement) ? statement.declarationList.declarations : [];
  const name = declaration?.name.getText();
  return name === undefined
    ? statement.getText()
    : `${statement.getText()} await expectValue(${name}, ${text});`;
}

async function runExample(code: string): Promise<void> {
  const expectValue = async (value: unknown, comment: string): Promise<void> => {
    const actual = await shown(value);
    if (!agree(actual, valueIn(comment)?.value)) {
      expect.fail(`the example says ${comment}, but it is ${JSON.stringify(actual)}`);
    }
  };
  const scope = { ...tatami, ...node, ...fixtures(), console: { log: () => {} }, expectValue };
  const { outputText } = ts.transpileModule(withChecks(code), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  const run = new Function(...Object.keys(scope), `return (async () => { ${outputText} })();`) as (
    ...values: unknown[]
  ) => Promise<void>;
  await run(...Object.values(scope));
}

/** Datasets of many megabytes, which are not part of the repository: of these only the types are checked. */
const needsDownload = /^(MNIST|FashionMNIST|KMNIST|CIFAR10|CIFAR100)$/;

// Examples that write files write them here, and those that read one of PyTorch's or NumPy's find it here.
const folder = mkdtempSync(join(tmpdir(), "tatami-examples-"));
const cwd = process.cwd();
/** Node closes a file that nobody holds any more, and says so. */
const leftOpen: string[] = [];
const noteLeftOpen = ({ message }: Error): void => {
  if (message.includes("garbage collection")) leftOpen.push(message);
};
beforeAll(async () => {
  process.on("warning", noteLeftOpen);
  process.chdir(folder);
  const { model, torchFile, npzFile } = fixtures();
  mkdirSync("pretrained");
  writeFileSync("pretrained/config.json", '{ "num_labels": 10 }');
  await node.saveSafetensorsFile(model.stateDict(), "pretrained/model.safetensors");
  writeFileSync("checkpoint.pt", torchFile);
  writeFileSync("arrays.npz", npzFile);
  writeFileSync("flowers.csv", "length,species\n5.1,setosa\n,virginica\n6.3,virginica\n");
});
afterAll(() => {
  process.off("warning", noteLeftOpen);
  process.chdir(cwd);
  rmSync(folder, { recursive: true });
});

describe("documentation examples", () => {
  const run = examples.filter(({ entry }) => !needsDownload.test(entry.name));
  it.each(run)("$title", async ({ code, entry }) => {
    await runExample(code).catch((error: Error) => {
      expect.fail(`${entry.place}: ${error.message}\n${code}`);
    });
  });

  it("close the files that they open", async () => {
    setFlagsFromString("--expose-gc");
    (runInNewContext("gc") as () => void)();
    await setTimeout(100);
    expect(leftOpen).toEqual([]);
  });

  it("have the right types", { timeout: 60_000 }, () => {
    expect(typeErrors(examples)).toEqual([]);
  });
});

/** What the compiler says about all examples, as functions of one file. */
function typeErrors(list: readonly { readonly entry: PublicName; readonly code: string }[]): string[] {
  const from = new URL("../../", import.meta.url).pathname;
  const imports = [
    `import { ${Object.keys(tatami).join(", ")} } from "tatamijs";`,
    `import { ${Object.keys(node).join(", ")} } from "tatamijs/node";`,
    `import { fixtures } from "./example-fixtures.test-helper.ts";`,
    `const { ${Object.keys(fixtures()).join(", ")} } = fixtures();`,
  ];
  const functions = list.map(({ code }, i) => `async function example${i}() {\n${code}\n}`);
  const text = [...imports, ...functions].join("\n");
  const options = {
    ...compilerOptions(),
    verbatimModuleSyntax: false,
    isolatedDeclarations: false,
    declaration: false,
    // An example says `const [x, y] = ...` and not what it would do if there were no x.
    noUncheckedIndexedAccess: false,
  };
  const host = ts.createCompilerHost(options);
  const virtual = `${from}test/docs/all-examples.ts`;
  const { getSourceFile, fileExists } = host;
  host.fileExists = (path) => path === virtual || fileExists(path);
  host.getSourceFile = (path, ...rest) =>
    path === virtual ? ts.createSourceFile(path, text, ts.ScriptTarget.Latest) : getSourceFile(path, ...rest);
  const program = ts.createProgram([virtual], options, host);
  return program.getSemanticDiagnostics(program.getSourceFile(virtual)).map((d) => {
    const { line } = (d.file as ts.SourceFile).getLineAndCharacterOfPosition(d.start ?? 0);
    const before = text.split("\n").slice(0, line + 1);
    const index = Number(
      before.findLast((l) => l.startsWith("async function example"))?.match(/\d+/)?.[0] ?? -1,
    );
    return `${list[index]?.entry.name}: ${before.at(-1)}: ${ts.flattenDiagnosticMessageText(d.messageText, " ")}`;
  });
}
