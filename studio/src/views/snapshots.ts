/** Which stored weights are meant by a step. */

/** Index of the snapshot at a step, or of the nearest before it, or the first; the last where no step is given. */
export function snapshotIndex(snapshots: readonly number[], step: number | null): number {
  if (step === null) return snapshots.length - 1;
  const after = snapshots.findIndex((snapshot) => snapshot > step);
  return after < 0 ? snapshots.length - 1 : Math.max(0, after - 1);
}
