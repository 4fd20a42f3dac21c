/**
 * The page in English. The shape of this object is the catalogue's type: a language that lacks one of its entries does
 * not compile.
 */
import type { RunStatus, StripKind } from "../../../src/studio/protocol.ts";
import type { FailureCode } from "../api/client.ts";
import type { Tab } from "../state/url-state.ts";

const plural = (n: number, one: string, many: string): string =>
  `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

export const english = {
  languageName: "English",
  studio: "Tatami Studio",
  skipToContent: "Skip to content",
  mainNavigation: "Main",
  language: "Language",
  theme: "Theme",
  themes: { auto: "Auto", light: "Light", dark: "Dark" },
  loading: "Loading …",
  retry: "Try again",
  cancel: "Cancel",
  save: "Save",
  explain: "What is this?",
  failures: {
    "bad-request": "The studio's server could not make sense of the request:",
    busy: "Too many images are being computed at this moment. Wait a little, then try again.",
    closed: "What computes for the studio has been put to rest. Try again.",
    damaged: "A file of this run is damaged, or is no run's:",
    "foreign-host":
      "The studio answers at its own address only: the one that it wrote in the terminal. Open that.",
    "foreign-origin":
      "The request came from a page that is not the studio's. Open the studio at the address in the terminal.",
    internal: "The studio could not answer this. What went wrong stands in its terminal.",
    lost: "What computes for the studio has ended unexpectedly. Try again; the terminal may say why.",
    "no-convolution":
      "This network has no convolution, so no place in the image belongs to what it finds. A `cnn` has.",
    "no-dataset":
      "The images of this run cannot be read. Start the studio with `--data FOLDER` where they are.",
    "no-errors": "No epoch has been validated yet. There will be mistakes to look at after the first one.",
    "no-snapshot": "No weights are stored of this step or an earlier one. Choose a later step.",
    "no-such-layer": "Nothing was recorded of this layer. Choose another one.",
    "no-such-run": "There is no such run; it may have been deleted. Go back to the list of runs.",
    "not-an-image": "This file cannot be read as an image. Choose a PNG, JPEG or WebP file.",
    "not-found": "There is nothing at this address.",
    offline: "The studio's server does not answer. Start it again with `tatami studio`, then try again.",
    running: "The run is going on. End its training first.",
    "too-large": "The file is too large: 8 MB at most.",
    "too-many": "Too many pages follow runs already. Close some, then try again.",
    "too-slow": "Computing took longer than a minute and was given up. Try again.",
    unexpected: "Something went wrong in this page. Load it again.",
    "unreadable-answer": "The server gave an answer that is none of the studio's:",
    "wrong-token": "The studio has been started anew since this page was opened. Load the page again.",
  } satisfies Record<FailureCode, string>,
  lostConnection: "No connection to the server; trying again.",

  runs: "Runs",
  noRuns: "No runs yet",
  noRunsHint: "Train a network, and its run appears here while it learns:",
  findRun: "Filter runs",
  findRunHint: "name, tag, model …",
  noMatch: "No run matches this filter.",
  runCount: (n: number) => plural(n, "run", "runs"),
  name: "Name",
  status: "Status",
  statuses: {
    running: "running",
    done: "done",
    failed: "failed",
    interrupted: "interrupted",
  } satisfies Record<RunStatus, string>,
  started: "Started",
  duration: "Duration",
  tags: "Tags",
  tagsHint: "Separate tags with commas.",
  actions: "Actions",
  select: (name: string) => `Select ${name} to compare`,
  compareSelected: (n: number) => `Compare ${n}`,
  compareHint: "Select two or more runs to compare them.",
  clearSelection: "Clear selection",
  edit: "Edit",
  editRun: (name: string) => `Edit ${name}`,
  remove: "Delete",
  removeRun: (name: string) => `Delete ${name}?`,
  removeWarning: "Its curves, statistics and weights are deleted from the disk. This cannot be undone.",
  removeRunning: "A run can be deleted when it is no longer running.",
  damaged: (n: number) => `${plural(n, "folder", "folders")} could not be read`,
  settings: "Settings",
  setting: "Setting",
  seed: "Seed",
  exportAs: (format: string) => `All points as ${format}`,

  tabs: {
    curves: "Curves",
    layers: "Layers",
    point: "Look inside",
    errors: "Mistakes",
  } satisfies Record<Tab, string>,
  views: "Views of this run",
  step: "Step",
  stepOf: (step: string, total: string) => `${step} of ${total}`,
  epoch: "Epoch",
  loss: "Loss",
  trainingLoss: "training",
  smoothedLoss: "training, smoothed",
  validation: "validation",
  accuracy: "Accuracy",
  learningRate: "Learning rate",
  imagesPerSecond: "Images/s",
  timeLeft: "Time left",
  elapsed: "Elapsed",
  pause: "Pause",
  resume: "Resume",
  pausedRows: (n: number) => `Paused; ${plural(n, "new step", "new steps")} waiting`,
  xAxis: "x axis",
  bySteps: "Steps",
  byTime: "Time",
  logX: "log x",
  logY: "log y",
  smoothing: "Smoothing",
  resetZoom: "Whole range",
  chartKeys:
    "Arrow keys move the cursor, Home and End go to the ends. Drag to zoom in, double-click to zoom out.",
  chartMenu: "Save",
  noPoints: "No points yet. They appear with the first steps.",
  noEpochs: "Appears when the first epoch has ended.",
  noFinite: (name: string) => `${name} has no finite values yet.`,
  curveSummary: (c: {
    name: string;
    axis: string;
    firstX: string;
    firstY: string;
    lastX: string;
    lastY: string;
    lowX: string;
    lowY: string;
    highX: string;
    highY: string;
  }) =>
    `${c.name}: ${c.firstY} at ${c.axis} ${c.firstX}, ${c.lastY} at ${c.axis} ${c.lastX}; lowest ${c.lowY} at ${c.lowX}, highest ${c.highY} at ${c.highX}.`,
  curveBroken: (axis: string, x: string) => `Not a finite number from ${axis} ${x} on.`,
  lossBroken: (step: string) => `The loss is not a finite number since step ${step}.`,
  lossBrokenHint: "What the network computes from here on means nothing. The verdicts say where it began.",
  aboutLoss:
    "How wrong the network is on what it learns from; lower is better. The dashed line is the same for images that it does not learn from: when that one rises while the other falls, the network learns by heart.",
  aboutAccuracy: "Share of images that were named correctly, after each epoch.",
  aboutLr: "How far one step moves the weights. A schedule changes it over the training.",
  aboutSpeed: "Images that the training takes in each second, averaged over 25 steps.",

  verdicts: "Verdicts",
  noVerdicts: "Nothing is wrong as far as the rules can tell.",
  noVerdictsYet: "Verdicts come with the first statistics.",
  aboutVerdicts:
    "Rules of thumb applied to the recorded statistics. Each verdict gives the number that broke a rule, and what usually helps.",
  severities: { error: "Error", warning: "Warning" },
  ruleLine: (rule: string, value: string, threshold: string) => `${rule}: ${value}, limit ${threshold}`,
  foundAt: (epoch: string, step: string) => `epoch ${epoch}, step ${step}`,
  past: "no longer",
  cure: "Cure",
  topic: "Topic",
  tryTopic: "Try it:",
  showLayer: "Show layer",

  kinds: {
    activations: "Activations",
    gradients: "Gradients",
    updates: "Update : weight",
  } satisfies Record<StripKind, string>,
  shownKinds: "Shown",
  noLayers: "No statistics of layers were recorded in this run.",
  noLayersHint: "`tatami train` records them unless it is given `--no-studio`. Train once more to see them.",
  stripOf: (kind: string, layer: string) => `${kind} of ${layer}`,
  stripKeys: "Arrow keys move the step, Enter opens it, + and − zoom.",
  aboutStrip:
    "Each column is a histogram of one step: bright where many values lie. The solid line is their mean, the dashed lines one standard deviation around it. A healthy layer keeps a broad, steady band; a thin line at zero has died, a band that swells will overflow.",
  aboutGradients:
    "The same for the gradients that come back through the layer. If they shrink towards the first layers, those learn hardly anything.",
  aboutUpdates:
    "How large one step's change of the weights is beside the weights themselves. About 1/1000 (the dashed line) is healthy; far above, training is rough; far below, it crawls.",
  nonFiniteFrom: (step: string) => `NaN or infinite from step ${step}`,
  stripValue: (v: { steps: string; mean: string; std: string; dead: string }) =>
    `Step ${v.steps}: mean ${v.mean}, standard deviation ${v.std}, dead ${v.dead}`,
  ratioValue: (v: { steps: string; ratio: string }) => `Step ${v.steps}: update to weight ${v.ratio}`,
  brokenValue: (steps: string) => `Step ${steps}: NaN or infinite`,
  noStrip: "No statistics in this range.",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  wholeTraining: "Whole training",
  stepsShown: (from: string, to: string) => `Steps ${from} to ${to}`,

  noSnapshots: "No weights were stored during this run.",
  noSnapshotsHint:
    "`tatami train` stores them now and then unless it is given `--no-studio`. A run that has just started gets its first ones soon.",
  layer: "Layer",
  snapshotAt: (step: string) => `Weights of step ${step}`,
  previousStep: "Earlier weights",
  nextStep: "Later weights",
  image: "Image",
  imageOf: (index: string, label: string) => `Image ${index}, ${label}`,
  ownImage: "Own image …",
  ownImageHint: "PNG, JPEG or WebP; it stays on this computer.",
  input: "Input",
  prediction: "Prediction",
  featureMaps: "Feature maps",
  filters: "Filters",
  channel: (n: string) => `channel ${n}`,
  mapsOf: (layer: string, n: number) => `${plural(n, "feature map", "feature maps")} of ${layer}`,
  filtersOf: (layer: string, n: number) => `${plural(n, "filter", "filters")} of ${layer}`,
  filtersOfChannel: (n: string) => `of channel ${n}`,
  noFilters: "This layer has no filters.",
  whereLooked: "Where it looked",
  evidenceFor: "Evidence for",
  mostProbable: "most probable",
  mapKeys: "Arrow keys choose a channel.",
  aboutMaps:
    "What each channel of the layer makes of the image: bright where the channel found what it looks for. Move through training to see how it learned to look.",
  aboutFilters:
    "The weights that a channel slides over its input. Where the input has several channels, those of the feature map that is chosen above are shown, one for each. Of a linear layer that sees the pixels of an image, the weight of each pixel.",
  aboutCam: "The parts of the image that spoke for a class (Grad-CAM): bright spoke most.",
  aboutPrediction: "Probabilities that the network gives to the classes for this image, at this step.",

  confusion: "Confusion matrix",
  ofEpoch: (epoch: string) => `epoch ${epoch}`,
  aboutConfusion:
    "Rows are what the image shows, columns what the network said. The diagonal is right; a bright cell beside it is a pair that is mistaken for each other.",
  truth: "Truth",
  predicted: "Predicted",
  recall: "Found",
  confusionCell: (truth: string, predicted: string, count: number) =>
    `${truth} taken for ${predicted}: ${plural(count, "image", "images")}`,
  topLosses: "Greatest losses",
  aboutTopLosses: "The images that the network was most wrong about. Open one to see where it looked.",
  lossValue: (value: string) => `loss ${value}`,
  noErrors: "Nothing to show yet",
  noErrorsHint: "Mistakes are stored when an epoch with validation has ended.",

  comparison: "Comparison",
  compareMissing: "Runs of this comparison that are gone:",
  groupSeeds: "Mean over seeds",
  groupSeedsHint:
    "Runs of the same settings as one curve: their mean, and the band between lowest and highest.",
  seedsOf: (n: number) => plural(n, "seed", "seeds"),
  metric: "Curve",
  metrics: {
    loss: "Loss",
    validationLoss: "Validation loss",
    accuracy: "Accuracy",
    validationAccuracy: "Validation accuracy",
    lr: "Learning rate",
  },
  differs: "differs",
  onlyDifferences: "Only what differs",
  noDifferences: "All settings are the same.",
  lastValue: "last",
  bestValue: "best",
};

export type Messages = typeof english;
