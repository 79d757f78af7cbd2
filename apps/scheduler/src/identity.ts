/** Identity of a scheduler. */
export interface Identity {
  /** Its name: `^[a-z0-9-]{1,63}$`. */
  readonly scheduler: string;
  /** Name of the engine whose containers it sees. Empty until the scheduler has started. */
  engine: string;
}
