/**
 * What `tatami export --to pytorch` writes: the model as Python, its weights, the optimizer's state where PyTorch has that
 * optimizer, and how to go on.
 */
import { io, type Tensor } from "../index.ts";
import { datasets } from "./datasets.ts";
import { type ExportedFiles, type ExportedRun, weightsFile } from "./exported-run.ts";
import type { TrainSettings } from "./settings.ts";

/** Classes of `torch.optim`; null where it has none. A record, so that the compiler lists a name without its class. */
const optimizerClasses: Record<TrainSettings["optimizer"], string | null> = {
  adadelta: "Adadelta",
  adagrad: "Adagrad",
  adam: "Adam",
  adamax: "Adamax",
  adamw: "AdamW",
  lion: null,
  nadam: "NAdam",
  radam: "RAdam",
  rmsprop: "RMSprop",
  sgd: "SGD",
};

export async function pytorchFiles(run: ExportedRun): Promise<ExportedFiles> {
  const { settings, model, state } = run;
  const title = `The model ${settings.model} of tatami train, trained on ${datasets[settings.dataset].title}.`;
  const { optimizer } = (state ?? {}) as { readonly optimizer?: OptimizerDict };
  const className = optimizerClasses[settings.optimizer];
  const going = optimizer !== undefined && className !== null;
  return {
    "model.py": io.pytorchSource(model, { title }),
    "model.pt": await io.saveTorch(model.stateDict()),
    "model.safetensors": await weightsFile(model),
    ...(going ? { "optimizer.pt": await io.saveTorch(torchOptimizerDict(optimizer)) } : {}),
    "README.md": readme(run, going ? className : null),
  };
}

/** What the optimizers' `stateDict` gives. */
interface OptimizerDict {
  readonly state: Readonly<Record<string, Readonly<Record<string, Tensor | number>>>>;
  readonly paramGroups: readonly Readonly<Record<string, io.TorchSaveValue>>[];
}

/** The same with PyTorch's names, and numbers of parameters that are numbers. */
function torchOptimizerDict({ state, paramGroups }: OptimizerDict): io.TorchSaveValue {
  const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return {
    state: new Map(Object.entries(state).map(([number, values]) => [Number(number), values])),
    param_groups: paramGroups.map((group) =>
      Object.fromEntries(Object.entries(group).map(([name, value]) => [snake(name), value])),
    ),
  };
}

function readme({ path, settings, model, state }: ExportedRun, optimizerClass: string | null): string {
  const { title, classes, imageShape } = datasets[settings.dataset];
  const parameters = model.parameters().reduce((sum, p) => sum + p.numel(), 0);
  const { epoch = settings.epochs, step = 0 } = (state ?? {}) as { epoch?: number; step?: number };
  const within = step > 0 ? ` and ${step} steps` : "";
  const files = [
    "- `model.py`: the class `Net`, and `load()`, which gives it with these weights",
    "- `model.pt`: its weights, for `torch.load`; `model.safetensors`: the same for safetensors",
    ...(optimizerClass === null
      ? []
      : ["- `optimizer.pt`: the optimizer's state, for `optimizer.load_state_dict`"]),
  ];
  return `# ${settings.model}, trained on ${title}

Exported from the run \`${path}\` after ${epoch} of ${settings.epochs} epochs${within}: ${parameters.toLocaleString("en-US")} parameters.

${files.join("\n")}

Inputs are float32 tensors (N, ${imageShape.join(", ")}) with values from 0 to 1, without any other normalisation; outputs are logits
(N, ${classes}).

## Going on in PyTorch, on a GPU

\`\`\`python
import torch
from torch import nn

from model import load

device = "cuda" if torch.cuda.is_available() else "cpu"
net = load(device=device)
${optimizerLines(settings, optimizerClass)}

net.train()
for x, y in loader:  # a torch.utils.data.DataLoader of images as described above, and class indices
    x, y = x.to(device), y.to(device)
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(net(x), y)
    loss.backward()
    optimizer.step()
\`\`\`

On several GPUs, wrap \`net\` in \`torch.nn.parallel.DistributedDataParallel\` after \`load\`, and start the program with \`torchrun\`.
`;
}

/** The learning rate fell along a cosine to 0 over the run, so what goes on needs one of its own. */
function optimizerLines(
  { optimizer, lr, epochs, batchSize }: TrainSettings,
  optimizerClass: string | null,
): string {
  const begun = `# The run began with ${optimizer}, lr ${lr}, batches of ${batchSize}, and let lr fall along a cosine to 0 in ${epochs} epochs.`;
  if (optimizerClass === null) {
    return `${begun}\noptimizer = torch.optim.AdamW(net.parameters(), lr=1e-4)`;
  }
  const momentum = optimizer === "sgd" ? ", momentum=0.9" : "";
  return `${begun}
optimizer = torch.optim.${optimizerClass}(net.parameters(), lr=${lr}${momentum})
optimizer.load_state_dict(torch.load("optimizer.pt", map_location=device))
for group in optimizer.param_groups:
    group["lr"] = ${lr / 10}`;
}
