/**
 * In which steps the layers are recorded. It follows from a step's number alone, never from measured times: a recorded step is
 * another program, with other last bits, and a run is repeated bit for bit with the same settings.
 */

/** Records while the number of steps doubles, at the beginning. */
const perDoubling = 8;

/**
 * All of the first steps, when most changes, then ever fewer, eight while their number doubles, until they are
 * `every` steps apart: a run of 160 steps has 42 records, one of 1000 has 64.
 *
 * @param step Counts from 1.
 * @param every Steps from one record to the next in the long run.
 */
export function isRecorded(step: number, every: number): boolean {
  const spacing = 2 ** Math.floor(Math.log2(Math.max(1, step / perDoubling)));
  return spacing < every ? step % spacing === 0 : (step - 1) % every === 0;
}
