/** A container that something else than the scheduler made, and that wants to be a worker. */
export interface Newcomer {
  /** Names it among all that there ever were: the worker is called so. `^[a-z0-9-]{1,63}$`. */
  readonly worker: string;
  /** As people know it. */
  readonly name: string;
  /** The account that it runs as. */
  readonly serviceAccount: string;
  /** Whether it was taken in before. */
  readonly isKnown: boolean;
}

/** What a newcomer becomes. */
export interface NewMember {
  readonly worker: string;
  readonly profile: string;
  readonly fingerprint: string;
}

/** Containers that others make, and that come to us. Once taken in, one is a container of the runtime's like any other. */
export interface Newcomers {
  /**
   * Finds out who shows this proof. Rejects with `enrolment.token_invalid` where it proves nothing, with `enrolment.refused` where it is
   * not of a container that can be one of ours, and with `runtime.unavailable` where that can't be said.
   */
  identify(proof: string): Promise<Newcomer>;
  /**
   * Takes it in: from now on the runtime lists it, tells of its end and stops it. Safe to call twice. Gives what its environment has to
   * have besides. Rejects with `enrolment.refused` where it is gone, and with `runtime.unavailable`.
   */
  admit(member: NewMember): Promise<Readonly<Record<string, string>>>;
  /** Tells whoever scales in whether the worker has a job: others are taken first. One that is not a newcomer, or gone, is left alone. */
  mark(worker: string, busy: boolean): Promise<void>;
}
