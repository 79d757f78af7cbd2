/** What a job needs from its worker. */
export interface Demand {
  /** Whether it can use an already initialised Claude Code. */
  readonly usesWarmth: boolean;
}

/** A free worker. */
export interface Candidate {
  /** Whether its Claude Code could not be initialised. */
  readonly cold?: boolean;
}

/**
 * Which of the free workers gets a job: a warm one if that helps, and of those the one that became free last, so that
 * the others stay idle and can leave. `free` is in the order in which they became free. Undefined if there is none.
 * Pure.
 */
export function match<W extends Candidate>(job: Demand, free: readonly W[]): W | undefined {
  const warm = job.usesWarmth ? free.findLast(({ cold }) => cold !== true) : undefined;
  return warm ?? free.at(-1);
}
