import type { NewEvent } from '@remuda/domain';

/**
 * After this many interrupted copies in a row, the next one is completed anyway: one with a torn end is better than
 * none.
 */
const maxOvertaken = 3;
/** Delay from a tool's end until the copy begins, in ms: the next model request is sent meanwhile. */
const settleMs = 100;

/**
 * Decides when a turn is copied: while the model is asked and no tool changes the files, after something was done since
 * the last copy, and at most once per interval. Pure, given its events.
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
    // A turn that is over before the first copy is due needs none.
    this.#begunAt = now;
  }

  /** Records an event of the turn. */
  note(event: NewEvent): void {
    if (event.type === 'session.started') this.#sessionId = event.data.sessionId;
    if (event.type === 'tool.called') this.#open.add(event.data.id);
    if (event.type !== 'tool.returned') return;
    this.#open.delete(event.data.id);
    this.#lastTool = event.data.id;
    this.#dirty = true;
  }

  /** Whether the running copy must be aborted because a tool is changing the files. */
  get overtaken(): boolean {
    return this.#open.size > 0 && this.#overtaken < maxOvertaken;
  }

  /** Time until the next copy is due, in ms, if nothing happens until then; undefined: not before something happens. */
  dueIn(now: number): number | undefined {
    if (!this.#dirty || this.#open.size > 0) return undefined;
    return Math.max(settleMs, this.#begunAt + this.everyMs - now);
  }

  /** A copy begins: of this session; undefined if there is no session yet. */
  begin(now: number): { readonly sessionId: string; readonly toolId: string } | undefined {
    if (this.#sessionId === undefined || this.#lastTool === undefined) return undefined;
    this.#begunAt = now;
    this.#dirty = false;
    return { sessionId: this.#sessionId, toolId: this.#lastTool };
  }

  /** The copy has ended; an aborted one is still due. */
  end(how: 'whole' | 'given_up' | 'failed'): void {
    this.#overtaken = how === 'given_up' ? this.#overtaken + 1 : 0;
    if (how === 'given_up') this.#dirty = true;
  }
}
