/**
 * Which folder of src/ may import which, and what the studio's page may know. Data flows one way:
 *
 *     user code -> tensor -> ops -> graph -> schedule -> kernel IR -> render -> runtime
 *
 * Imports of types count. Tests and *.cases.ts may import what they like, as long as there is no cycle.
 */

/** What the tensor stands on; whoever may use the tensor may use these. */
const tensor = ["tensor", "autograd", "ops", "graph", "engine", "base"];

/**
 * For each folder, the folders that it may import: a name, or a path below src/ where only a part is meant. Its own
 * files are always allowed.
 *
 * @type {Record<string, string[]>}
 */
const mayImport = {
  base: [],
  graph: ["base"],
  kernel: ["base"],
  schedule: ["graph", "kernel", "base"],
  render: ["kernel", "base"],
  runtime: ["render", "kernel", "base"],
  engine: ["runtime", "render", "schedule", "kernel", "graph", "base"],
  ops: ["graph", "kernel/(build|ir)\\.ts", "base"],
  autograd: ["ops", "graph", "base"],
  tensor,
  nn: tensor,
  optim: ["nn", ...tensor],
  data: ["nn/(callable|arguments)\\.ts", ...tensor],
  inspect: ["nn", "optim", ...tensor],
  io: ["nn", "models", ...tensor],
  models: ["nn", ...tensor],
  train: ["nn", "optim", "data", "inspect", "io", ...tensor],
  lab: ["data", "train/text-table\\.ts", ...tensor],
  studio: ["train/recording", "train/run-dir\\.ts", "inspect/(index|diagnose)\\.ts", "base"],
  cli: [
    "(index|node)\\.ts",
    "base/node/make-folder\\.ts",
    "(nn|optim|data|inspect|io|models|train|lab|studio)/index\\.ts",
  ],
};

/** Packages that a folder may load; every other folder works without any. */
const mayLoad = {
  cli: ["commander"],
  data: ["sharp", "csv-parse", "hyparquet", "fzstd"],
  studio: ["hono", "@hono/node-server"],
  runtime: ["koffi"],
};

const testFiles = "\\.(test|test-helper|cases)\\.ts$";

/** A pattern for the files of a folder, or for the file where a path with an ending is given. */
const inside = (/** @type {string} */ name) => (name.endsWith(".ts") ? `^src/${name}$` : `^src/${name}/`);

/** @type {import("dependency-cruiser").IForbiddenRuleType[]} */
const directions = Object.entries(mayImport).map(([folder, allowed]) => ({
  name: `${folder}-imports`,
  comment: `src/${folder}/ may import ${allowed.join(", ") || "nothing"}; see the table in ARCHITECTURE.md.`,
  severity: "error",
  from: { path: inside(folder), pathNot: testFiles },
  to: { path: "^src/", pathNot: [folder, ...allowed].map(inside) },
}));

/** @type {import("dependency-cruiser").IForbiddenRuleType[]} */
const packages = [...Object.entries(mayLoad), ["", []]].map(([folder, names]) => ({
  name: folder === "" ? "library-without-packages" : `${folder}-packages`,
  comment:
    "The library loads no package by itself; only the command, the studio's server, image files, CSV and Parquet use some.",
  severity: "error",
  from: {
    path: folder === "" ? "^src/" : `^src/${folder}/`,
    pathNot: [testFiles, ...(folder === "" ? Object.keys(mayLoad).map((name) => `^src/${name}/`) : [])],
  },
  to: {
    path: "node_modules",
    pathNot: ["node_modules/@types/", ...[names].flat().map((name) => `node_modules/${name}/`)],
  },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "no-cycles",
      comment: "Two files that import each other cannot be read, tested or loaded one after the other.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "folder-in-table",
      comment: "A new folder of src/ gets its line in the table above.",
      severity: "error",
      from: { path: "^src/[^/]+/", pathNot: Object.keys(mayImport).map(inside) },
      to: {},
    },
    {
      name: "renderers-apart",
      comment: "Renderers know the kernel IR, not each other.",
      severity: "error",
      from: { path: "^src/render/(wasm|c|wgsl)/", pathNot: testFiles },
      to: { path: "^src/render/(wasm|c|wgsl)/", pathNot: "^src/render/$1/" },
    },
    {
      name: "no-tests-in-package",
      comment: "What is shipped does not lean on files that are not.",
      severity: "error",
      from: { path: "^src/", pathNot: testFiles },
      to: { path: [testFiles, "^(test|bench|examples)/"] },
    },
    {
      name: "resolvable",
      comment: "The imported file or package does not exist.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "page-apart",
      comment:
        "The studio's page runs in a browser and knows the server by its protocol, and settings as it does.",
      severity: "error",
      from: { path: "^studio/", pathNot: testFiles },
      to: { path: "^(src|test|bench|examples|scripts)/", pathNot: "^src/studio/(protocol|settings)\\.ts$" },
    },
    {
      name: "page-logic-without-views",
      comment: "Charts, strips, texts and state stand below the views and know none of them.",
      severity: "error",
      from: { path: "^studio/src/(api|state|charts|strips|i18n|components)/", pathNot: testFiles },
      to: { path: "^studio/src/views/" },
    },
    {
      name: "library-without-page",
      comment: "The page is built from studio/ into dist/; nothing of the library leans on its sources.",
      severity: "error",
      from: { path: "^(src|bench|examples)/" },
      to: { path: "^studio/" },
    },
    ...directions,
    ...packages,
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
    },
  },
};
