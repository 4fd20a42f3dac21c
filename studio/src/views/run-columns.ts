/** Settings that have a column of their own in the list of runs. */
export const settingColumns = ["dataset", "model", "optimizer", "lr", "batchSize", "epochs"] as const;

/** Whether a column holds numbers, which stand to the right. */
export const isNumber = (name: (typeof settingColumns)[number]): boolean =>
  name === "lr" || name === "batchSize" || name === "epochs";
