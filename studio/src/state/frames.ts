/** Work that is done at most once in each animation frame, however often it is asked for. */

/** A function that asks for the work, and one that calls it off. */
export function oncePerFrame(work: () => void): { ask(): void; cancel(): void } {
  let frame = 0;
  return {
    ask() {
      if (frame !== 0) return;
      frame = requestAnimationFrame(() => {
        frame = 0;
        work();
      });
    },
    cancel() {
      cancelAnimationFrame(frame);
      frame = 0;
    },
  };
}
