/** Minimum time between two updates of the pools, in ms, however few workers there are. */
const leastMs = 50;
/** Maximum one, however many. */
const mostMs = 5_000;
/**
 * Time for each worker, in ms. An update reads and plans for all of them: with 10,000 it took 460 ms of CPU, Redis'
 * included, on two cores of 2026; so ten times as long is left in between, and a large fleet costs no more than a tenth
 * of a core.
 */
const perWorkerMs = 0.46;

/** Minimum time from one update of the pools until the next one, in ms, for so many workers. Pure. */
export function gapAfter(workers: number): number {
  return Math.min(mostMs, Math.max(leastMs, workers * perWorkerMs));
}
