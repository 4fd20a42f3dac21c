/**
 * `node watching-client.js URL RUN`: asks the studio for what a page asks for that shows a run's layers: follows the run, and
 * has strips of six layers made every four seconds. It may be stopped and go on: its clock stands still meanwhile. It talks HTTP
 * with what takes least: Chromium with the page spends less on it than `fetch` does here.
 */
import { Agent, get } from "node:http";

const [url = "", id = ""] = process.argv.slice(2);
const run = `${url}api/runs/${id}`;

/** Strips that a page asks for with one request. */
const together = 12;
const layersInView = 6;
const kinds = ["activations", "gradients", "updates"];
/** Between two requests for strips, in milliseconds; what passes while the process is stopped is not counted. */
const stripsMs = 4000;
const tickMs = 100;

/** A connection for each request: the studio closes those that are idle while this process stands still. */
const agent = new Agent({ keepAlive: false });

/** @returns The whole answer; one that does not end is read as long as it goes on. */
function textOf(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(address, { agent }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece: string) => {
        if (response.headers["content-type"] !== "text/event-stream") text += piece;
      });
      response.on("end", () => resolve(text));
      response.on("error", reject);
    });
    request.on("error", reject);
  });
}

async function namesInView(): Promise<readonly string[]> {
  const { layers } = JSON.parse(await textOf(run)) as {
    readonly layers: readonly { readonly layer: string }[];
  };
  const inView = layers.slice(0, layersInView);
  return kinds.flatMap((kind) => inView.map(({ layer }) => `${kind}:${layer}`));
}

async function askForStrips(names: readonly string[]): Promise<void> {
  for (let i = 0; i < names.length; i += together) {
    const query = new URLSearchParams({ columns: "320" });
    for (const name of names.slice(i, i + together)) query.append("of", name);
    JSON.parse(await textOf(`${run}/strips?${query}`));
  }
}

function strips(): void {
  let names: readonly string[] = [];
  // The first in the middle of a turn, and so one in each.
  let passed = stripsMs / 2;
  setInterval(async () => {
    passed += tickMs;
    if (passed < stripsMs) return;
    passed = 0;
    if (names.length === 0) names = await namesInView();
    await askForStrips(names);
  }, tickMs);
}

// The bench ends this process when the training is over; the studio may have ended a moment before.
process.once("disconnect", () => process.exit());
strips();
await textOf(`${url}api/events?of=${id}:0`).catch((error: NodeJS.ErrnoException) => {
  if (error.code !== "ECONNRESET") throw error;
});
