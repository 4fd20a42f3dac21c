/**
 * The page in English. The shape of this object is the catalogue's type: a language that lacks one of its entries does
 * not compile.
 */
import type { RunStatus, StripKind } from "../../../src/studio/protocol.ts";
import type { FailureCode } from "../api/client.ts";
import type { MetricName, Tab } from "../state/url-state.ts";

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
    "bad-request": "The studio's server could not understand the request:",
    busy: "Too many images are being computed right now. Wait a little, then try again.",
    closed: "The process that computes images had gone to sleep. Try again.",
    damaged: "A file of this run is damaged, or does not belong to a run:",
    "foreign-host": "The studio answers only at the address that it printed in the terminal. Open that one.",
    "foreign-origin":
      "The request came from another page than the studio's. Open the studio at the address in the terminal.",
    internal: "The studio could not answer. Its terminal says what went wrong.",
    lost: "The process that computes images ended unexpectedly. Try again; the terminal may say why.",
    "no-convolution":
      "This network has no convolution, so it cannot show which part of the image it looked at. A `cnn` can.",
    "no-dataset":
      "The images of this run cannot be read. Start the studio with `--data FOLDER`, naming the folder that has them.",
    "no-errors": "No epoch has been validated yet. Mistakes appear after the first one.",
    "no-network":
      "This run was recorded by a program other than `tatami train`, and only that program knows how its network is built. Feature maps and images are shown for runs of `tatami train`.",
    "no-snapshot": "No weights are stored for this step or an earlier one. Choose a later step.",
    "no-such-layer": "Nothing was recorded for this layer. Choose another one.",
    "no-such-run": "This run does not exist; it may have been deleted. Go back to the list of runs.",
    "not-an-image": "This file cannot be read as an image. Choose a PNG, JPEG or WebP file.",
    "not-found": "There is nothing at this address.",
    offline: "The studio's server does not answer. Restart it with `tatami studio`, then try again.",
    running: "This run is still training. Stop the training first.",
    "too-large": "The file is too large: 8 MB at most.",
    "too-many": "Too many pages are following runs. Close some, then try again.",
    "too-slow": "The computation took longer than a minute and was stopped. Try again.",
    unexpected: "Something went wrong in this page. Reload it.",
    "unreadable-answer": "The server sent an answer that the studio does not understand:",
    "wrong-token": "The studio was restarted after this page was opened. Reload the page.",
  } satisfies Record<FailureCode, string>,
  lostConnection: "No connection to the server; trying again.",

  runs: "Runs",
  noRuns: (folder: string) => `No runs yet in ${folder}`,
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
  compareSelected: (n: number) => (n === 0 ? "Compare" : `Compare ${n}`),
  compareHint: "Select two or more runs to compare them.",
  clearSelection: "Clear selection",
  differIn: "The selected runs differ in",
  sameSettings: "The selected runs have the same settings and seed.",
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
  exportRun: "Export",
  aboutExports:
    "Every point as it was recorded, never sampled: all steps as CSV, the statistics of all layers as CSV, or everything together as JSON.",
  exports: { steps: "Steps (CSV)", layers: "Layer statistics (CSV)", all: "All (JSON)" },

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
  pause: "Pause this page",
  pauseHint: "The page stays as it is; the training goes on.",
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
    "Arrow keys move the cursor, Home and End go to the ends, + and − zoom. Drag to zoom in, double-click to zoom out.",
  chartMenu: "Save",
  noPoints: "No points yet. They appear with the first steps.",
  notRecorded:
    "The steps of this run were not recorded. `tatami train` records them unless it is given `--no-studio`.",
  withoutCurves: "No steps were recorded for these runs:",
  noEpochs: "Appears when the first epoch has ended.",
  noEpochEver: "The run ended before its first epoch did.",
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
  curveBroken: (axis: string, x: string) => `Not a finite number from ${axis} ${x} onwards.`,
  lossBroken: (step: string) => `The loss has not been a finite number since step ${step}.`,
  lossBrokenHint: "What the network computes from there on means nothing. The verdicts say where it began.",
  aboutLoss:
    "How wrong the network is on what it learns from; lower is better. The dashed line is the same for images that it does not learn from: when that one rises while the other falls, the network is memorising (overfitting).",
  aboutAccuracy: "Share of images that were named correctly, after each epoch.",
  aboutLr: "How far one step moves the weights. A schedule changes it over the training.",
  aboutSpeed: "Images that the training processes each second, averaged over 25 steps.",

  verdicts: "Verdicts",
  verdictCount: (n: number) => plural(n, "verdict", "verdicts"),
  noVerdicts: "Nothing is wrong as far as the rules can tell.",
  noVerdictsYet: "Verdicts come with the first statistics.",
  notJudged: "Nothing was recorded that the rules could judge.",
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
    updates: "Update / weight",
  } satisfies Record<StripKind, string>,
  shownKinds: "Shown",
  noLayers: "No layer statistics were recorded in this run.",
  noLayersHint: "`tatami train` records them unless it is given `--no-studio`. Train once more to see them.",
  stripOf: (kind: string, layer: string) => `${kind} of ${layer}`,
  stripKeys: "Arrow keys move the step, Enter opens it, + and − zoom.",
  aboutStrip:
    "Each column is a histogram of one step: bright where many values lie. The solid line is their mean, the dashed lines one standard deviation around it. A healthy layer keeps a broad, steady band; a thin line at zero has died, a band that swells will overflow.",
  aboutGradients:
    "The same for the gradients that flow back through the layer. If they shrink towards the first layers, those layers hardly learn.",
  aboutUpdates:
    "How large one step's change of the weights is compared with the weights themselves. About 1/1000 (the dashed line) is healthy; far above, training is unstable; far below, it crawls.",
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
    "`tatami train` stores weights now and then unless it is given `--no-studio`. A run that has just started gets its first ones soon.",
  layer: "Layer",
  snapshotAt: (step: string) => `Weights of step ${step}`,
  previousStep: "Earlier weights",
  nextStep: "Later weights",
  image: "Image",
  imageOf: (index: string, label: string) => `Image ${index}, ${label}`,
  ownImage: "Own image …",
  ownImageHint: "Any picture that this browser can show; it stays on this computer.",
  ownImageShown: "Your own image",
  noNetwork: "This network cannot be looked into",
  input: "Input",
  prediction: "Prediction",
  featureMaps: "Feature maps",
  filters: "Filters",
  nonFiniteValues: (n: number) =>
    `${plural(n, "value", "values")} here ${n === 1 ? "is" : "are"} NaN or infinite, and drawn in the colour of an end of the scale.`,
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
    "The weights that a channel slides over its input. Where the input has several channels, the filters of the feature map that is chosen above are shown, one for each input channel. For a linear layer that sees the pixels of an image, the weight of each pixel is shown.",
  aboutCam: "The parts of the image that spoke for a class (Grad-CAM): the brighter, the stronger.",
  aboutPrediction: "Probabilities that the network gives to the classes for this image, at this step.",

  confusion: "Confusion matrix",
  ofEpoch: (epoch: string) => `epoch ${epoch}`,
  aboutConfusion:
    "Rows are what the image shows, columns what the network said. The diagonal is right; a strong colour elsewhere means that the network takes one class for the other.",
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
  noErrorsEver: "No mistakes were stored",
  noErrorsEverHint: "The run ended before an epoch had been validated.",

  comparison: "Comparison",
  compareMissing: "These runs no longer exist:",
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
  aboutCompared: {
    loss: "How wrong each network is on what it learns from; lower is better.",
    validationLoss: "How wrong each network is on images that it does not learn from; lower is better.",
    accuracy: "Share of the training images that were named correctly, after each epoch.",
    validationAccuracy:
      "Share of images that were named correctly among those that the network does not learn from, after each epoch.",
    lr: "How far one step moves the weights. A schedule changes it over the training.",
  } satisfies Record<MetricName, string>,
  differs: "differs",
  onlyDifferences: "Only what differs",
  noDifferences: "All settings are the same.",
  lastValue: "last",
  bestValue: "best",
};

export type Messages = typeof english;
