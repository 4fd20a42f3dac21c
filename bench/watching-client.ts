/**
 * `node watching-client.js URL RUN`: asks the studio for what a page asks for that shows a run's layers: follows the run, and
 * has strips of six layers made every four seconds. It may be stopped and go on: its clock stands still meanwhile.
 */
const [url = "", id = ""] = process.argv.slice(2);
const run = `${url}api/runs/${id}`;

/** Strips that a page asks for with one request. */
const together = 12;
const layersInView = 6;
const kinds = ["activations", "gradients", "updates"];
/** Between two requests for strips, in milliseconds; what passes while the process is stopped is not counted. */
const stripsMs = 4000;
const tickMs = 100;

async function follow(): Promise<void> {
  const { body } = await fetch(`${url}api/events?of=${id}:0`);
  for await (const _ of body ?? []);
}

async function namesInView(): Promise<readonly string[]> {
  const answer = await fetch(run);
  const { layers } = (await answer.json()) as { readonly layers: readonly { readonly layer: string }[] };
  const inView = layers.slice(0, layersInView);
  return kinds.flatMap((kind) => inView.map(({ layer }) => `${kind}:${layer}`));
}

async function askForStrips(names: readonly string[]): Promise<void> {
  for (let i = 0; i < names.length; i += together) {
    const query = new URLSearchParams({ columns: "320" });
    for (const name of names.slice(i, i + together)) query.append("of", name);
    await (await fetch(`${run}/strips?${query}`)).json();
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

// The bench ends this process when the training is over.
process.once("disconnect", () => process.exit());
strips();
await follow();
