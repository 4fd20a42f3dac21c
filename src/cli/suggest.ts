/**
 * What to try after a training: two changes of one setting each, whose effect is worth seeing.
 */
import type { TrainSettings } from "./settings.ts";

/** How the user calls the command for training. */
export function trainCommand(rest: string): string {
  return process.env.npm_lifecycle_event === "start" ? `npm start -- ${rest}` : `tatami train ${rest}`;
}

/** Two lines, each a command and what it shows. */
export function suggestions(settings: TrainSettings): string[] {
  const again = settings.dataset === "digits" ? "" : `${settings.dataset} `;
  const ideas = [
    settings.dataset === "digits" && {
      command: "fashion-mnist --epochs 3",
      shows: "60,000 pictures of clothes",
    },
    settings.model === "cnn" &&
      settings.norm === "batch" && {
        command: `${again}--norm none`,
        shows: "what batch normalisation is good for",
      },
    settings.model === "cnn" &&
      settings.norm === "none" &&
      settings.init === "default" && {
        command: `${again}--norm none --init kaiming`,
        shows: "what the initial weights decide",
      },
    settings.model !== "mlp" && { command: `${again}--model mlp`, shows: "the same without convolutions" },
    settings.optimizer === "adam" && {
      command: `${again}--optimizer sgd`,
      shows: "plain steps with momentum",
    },
    { command: `${again}--seed ${settings.seed + 1}`, shows: "how much of the result is chance" },
  ];
  const wanted = ideas.filter((idea) => idea !== false).slice(0, 2);
  const width = Math.max(...wanted.map((idea) => trainCommand(idea.command).length));
  return wanted.map(({ command, shows }) => `${trainCommand(command).padEnd(width)}   ${shows}`);
}
