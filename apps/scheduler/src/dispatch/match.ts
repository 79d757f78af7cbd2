/** What a job asks of the worker that carries it out. */
export interface Demand {
  /** It can go on in a Claude Code that is already initialised. */
  readonly usesWarmth: boolean;
}

/** A free worker. */
export interface Candidate {
  /** Its Claude Code could not be initialised. */
  readonly cold?: boolean;
}

/**
 * Which of the free workers carries a job out: a warm one where that is of use, and of those the one that became free last, so that
 * the others stay idle and can leave. `free` is in the order in which they became free. Undefined where nobody is. Pure.
 */
export function match<W extends Candidate>(job: Demand, free: readonly W[]): W | undefined {
  const warm = job.usesWarmth ? free.findLast(({ cold }) => cold !== true) : undefined;
  return warm ?? free.at(-1);
}
