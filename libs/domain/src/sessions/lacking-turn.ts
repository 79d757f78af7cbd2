/** A turn that has succeeded, and of which nothing could be kept: the turns after it know neither its files nor what was said. */
export interface LackingTurn {
  readonly turn: number;
  readonly job: string;
  /** Why, as a sentence. */
  readonly reason: string;
}
