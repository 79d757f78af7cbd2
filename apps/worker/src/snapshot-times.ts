import type { NewEvent } from '@remuda/domain';

/** Overtaken so often in a row, the next copy is finished all the same: better one with a torn end than none. */
const maxOvertaken = 3;
/** From a tool's end until the copy begins, in ms: the next model request goes out meanwhile. */
const settleMs = 100;

/**
 * Decides when a turn is copied: while the model is asked and no tool changes the files, something was done since the last
 * copy, and not more often than every so many ms. Pure but for what it was told.
 */
export class SnapshotTimes {
  readonly #open = new Set<string>();
  #begunAt: number;
  #overtaken = 0;
  #dirty = false;
  #sessionId: string | undefined;
  #lastTool: string | undefined;

  constructor(
    private readonly everyMs: number,
    now: number,
  ) {
    // A turn that is over before the first copy is due is not worth one.
    this.#begunAt = now;
  }

  /** Takes note of what has happened in the turn. */
  note(event: NewEvent): void {
    if (event.type === 'session.started') this.#sessionId = event.data.sessionId;
    if (event.type === 'tool.called') this.#open.add(event.data.id);
    if (event.type !== 'tool.returned') return;
    this.#open.delete(event.data.id);
    this.#lastTool = event.data.id;
    this.#dirty = true;
  }

  /** Whether a copy under way is to be given up, as a tool changes the files under it. */
  get overtaken(): boolean {
    return this.#open.size > 0 && this.#overtaken < maxOvertaken;
  }

  /** In how many ms the next copy is due, if nothing happens until then; undefined: not before something does. */
  dueIn(now: number): number | undefined {
    if (!this.#dirty || this.#open.size > 0) return undefined;
    return Math.max(settleMs, this.#begunAt + this.everyMs - now);
  }

  /** A copy begins: what it is of; undefined where there is no session yet. */
  begin(now: number): { readonly sessionId: string; readonly toolId: string } | undefined {
    if (this.#sessionId === undefined || this.#lastTool === undefined) return undefined;
    this.#begunAt = now;
    this.#dirty = false;
    return { sessionId: this.#sessionId, toolId: this.#lastTool };
  }

  /** The copy has ended; one that was given up is still wanted. */
  end(how: 'whole' | 'given_up' | 'failed'): void {
    this.#overtaken = how === 'given_up' ? this.#overtaken + 1 : 0;
    if (how === 'given_up') this.#dirty = true;
  }
}
