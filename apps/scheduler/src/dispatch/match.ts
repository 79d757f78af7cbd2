/** What a job needs from its worker. */
export interface Demand {
  /** Whether it can use an already initialised Claude Code. */
  readonly usesWarmth: boolean;
  /** Whether it has secrets, which are encrypted to its worker. */
  readonly hasSecrets?: boolean;
}

/** A free worker. */
export interface Candidate {
  /** Whether its Claude Code could not be initialised. */
  readonly cold?: boolean;
  /** Its public key, once it has reported one. */
  readonly key?: string;
}

/**
 * Which of the free workers gets a job: a warm one if that helps, and of those the one that became free last, so that
 * the others stay idle and can leave. One that has reported no key gets no secrets. `free` is in the order in which they became free. Undefined if there is none.
 * Pure.
 */
export function match<W extends Candidate>(job: Demand, free: readonly W[]): W | undefined {
  const able = job.hasSecrets === true ? free.filter(({ key }) => key !== undefined) : free;
  const warm = job.usesWarmth ? able.findLast(({ cold }) => cold !== true) : undefined;
  return warm ?? able.at(-1);
}
