import type { Assignment, Engine, Snapshot } from '@remuda/domain';

/** A session whose next turn this worker waits for, and its state as the last turn left it. */
export interface HeldSession extends Pick<Snapshot, 'sessionId' | 'at'> {
  readonly session: string;
  /** How long the worker waits, in ms. */
  readonly holdMs: number;
}

/** The session that a worker holds between two turns: Claude Code is alive, and the workspace as the turn left it. */
export class Hold {
  #held: HeldSession | undefined;

  get session(): string | undefined {
    return this.#held?.session;
  }

  get holdMs(): number {
    return this.#held?.holdMs ?? 0;
  }

  keep(held: HeldSession): void {
    this.#held = held;
  }

  drop(): void {
    this.#held = undefined;
  }

  /**
   * Whether an attempt goes on with what is held: it is the next turn of the same session, takes up the very snapshot that
   * was taken of it, and needs no Claude Code of its own.
   */
  fits({ session, again, spec }: Assignment, engine: Pick<Engine, 'holding'>): boolean {
    const held = this.#held;
    if (!held || engine.holding !== true || again?.kind !== 'continue' || spec.outputSchema) return false;
    const { sessionId, at } = again.origin;
    return session === held.session && sessionId === held.sessionId && at === held.at;
  }
}

/** Whether a worker may wait for the next turn after this attempt. */
export function mayHold(
  { session, spec }: Assignment,
  { engine, snapshots }: { readonly engine: Engine; readonly snapshots?: object | undefined },
): boolean {
  const canHold = engine.endHeld !== undefined && snapshots !== undefined;
  return session !== undefined && (spec.holdMs ?? 0) > 0 && canHold && !spec.outputSchema;
}
