/**
 * Starts jobs in groups: the first that is asked for starts its whole group, so that an engine can compute what they ask
 * for together.
 */

/** Gives the outcome of each job. */
export function together<T>(
  jobs: readonly (() => Promise<T>)[],
  groupSize: number,
): (index: number) => Promise<T> {
  const outcomes: (Promise<T> | undefined)[] = [];
  return (index) => {
    const start = index - (index % groupSize);
    if (outcomes[index] === undefined) {
      for (const [i, job] of jobs.slice(start, start + groupSize).entries()) {
        const outcome = job();
        // Whoever asks for it gets the error.
        outcome.catch(() => {});
        outcomes[start + i] = outcome;
      }
    }
    return outcomes[index] as Promise<T>;
  };
}
