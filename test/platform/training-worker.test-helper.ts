/** The code of a web worker: trains and posts the report, or what went wrong. */
import { train } from "./training.test-helper.ts";

train(2).then(
  (report) => postMessage({ report }),
  (error) => postMessage({ error: String((error as Error).stack ?? error) }),
);
