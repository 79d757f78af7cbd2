import { failureOf, RemudaError, type Clock, type NewEvent, type Snapshot, type SnapshotNote } from '@remuda/domain';
import { copySession, copyWorkspace, pasteSession, pasteWorkspace, type CopyPlace } from '@remuda/engine';
import type { Logger } from '@remuda/runtime';
import type {
  EndedTurn,
  Kept,
  Restored,
  SnapshotKeeper,
  SnapshotSource,
  SnapshotWatch,
  WatchedTurn,
} from './keepers.port.js';
import type { Fetched, Sent, SnapshotClient } from './snapshot-client.js';
import { SnapshotTimes } from './snapshot-times.js';
import { splitAt } from './split.js';

/** Dependencies of taking snapshots. */
export interface SnapshotParts {
  readonly client: SnapshotClient;
  readonly place: CopyPlace;
  /** Minimum time between two snapshots of a turn, in ms. */
  readonly everyMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Copies a session and its workspace out of the container while a turn runs, and restores them in another one. */
export class Snapshots implements SnapshotKeeper {
  constructor(private readonly parts: SnapshotParts) {}

  /** Starts taking snapshots of a turn. */
  watch(turn: WatchedTurn): SnapshotWatch {
    return new Taker(this.parts, turn);
  }

  /**
   * Takes the snapshot of a turn whose processes have ended, or which has written its last message, from which the
   * session's next turn goes on.
   */
  async keep(turn: EndedTurn, signal: AbortSignal): Promise<Kept> {
    const { clock } = this.parts;
    try {
      const { sessionId, lastMessage } = turn;
      const messageId = lastMessage === undefined ? {} : { messageId: lastMessage };
      const aim = { sessionId, at: clock.now(), whole: true, ...messageId };
      let sent = await send(this.parts, turn, aim, signal);
      // The bridge may still be busy with one that was given up.
      for (let tries = 0; sent.kind === 'refused' && sent.status === busyStatus && tries < 20; tries++) {
        await clock.sleep(100, signal);
        sent = await send(this.parts, turn, aim, signal);
      }
      return sent.kind === 'stored' ? { at: aim.at } : { why: reasons[sent.kind] };
    } catch (error) {
      return { why: failureOf(error).message };
    }
  }

  /**
   * Restores the job's snapshot, or that of the turn before, into home and workspace. A bridge that cannot answer is asked
   * again for `patienceMs`: what was done so far is worth more than that time. Rejects with `workspace.failed` if it
   * cannot be unpacked.
   */
  async restore({ sessionBytes }: Snapshot, from: SnapshotSource, signal: AbortSignal): Promise<Restored> {
    const { place } = this.parts;
    const fetched = await this.#fetch(from, signal);
    if (fetched.kind === 'unavailable') return fetched;
    const { head, rest } = await splitAt(fetched.content, sessionBytes);
    await pasteWorkspace(place, rest, signal);
    await pasteSession(place, head);
    return { kind: 'restored' };
  }

  async #fetch(
    from: SnapshotSource,
    signal: AbortSignal,
  ): Promise<Extract<Fetched, { kind: 'content' }> | Unavailable> {
    const { client, clock } = this.parts;
    const deadline = clock.monotonic() + patienceMs;
    for (;;) {
      const fetched = await client.get(from, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        return { kind: 'unreached', message: failureOf(error).message } as const;
      });
      if (fetched.kind === 'content') return fetched;
      if (fetched.kind === 'broken')
        throw new RemudaError('workspace.failed', 'The snapshot is not what was stored: its digest differs.');
      if (fetched.kind === 'unknown')
        return unavailable(`The bridge has no snapshot of ${from.of === 'job' ? 'this job' : 'the turn before'}.`);
      if (clock.monotonic() >= deadline) return unavailable(whyNot(fetched));
      await clock.sleep(askAgainMs, signal);
    }
  }
}

/** For how long a bridge that cannot give a snapshot is asked again, in ms, and how often. */
const patienceMs = 15_000;
const askAgainMs = 250;

type Unavailable = Extract<Restored, { kind: 'unavailable' }>;

const unavailable = (message: string): Unavailable => ({ kind: 'unavailable', message });

function whyNot(
  fetched: Extract<Fetched, { kind: 'refused' }> | { readonly kind: 'unreached'; readonly message: string },
): string {
  const what =
    fetched.kind === 'refused' ? `answered ${String(fetched.status)}` : `was not reached: ${fetched.message}`;
  return `The bridge ${what}.`;
}

/** Takes the snapshots of one turn, one at a time. */
class Taker implements SnapshotWatch {
  readonly #times: SnapshotTimes;
  #timer = new AbortController();
  #underWay: { readonly ended: Promise<void>; readonly giveUp: AbortController } | undefined;
  #stopped = false;

  constructor(
    private readonly parts: SnapshotParts,
    private readonly turn: WatchedTurn,
  ) {
    this.#times = new SnapshotTimes(parts.everyMs, parts.clock.monotonic());
  }

  note(event: NewEvent): void {
    this.#times.note(event);
    if (this.#times.overtaken) this.#underWay?.giveUp.abort();
    // Running processes are killed next, including copies.
    if (event.type === 'turn.ended') void this.stop();
    if (event.type === 'tool.called' || event.type === 'tool.returned') this.#plan();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer.abort();
    this.#underWay?.giveUp.abort();
    await this.#underWay?.ended;
  }

  /** Waits until the next one is due. */
  #plan(): void {
    this.#timer.abort();
    const { clock } = this.parts;
    const inMs = this.#times.dueIn(clock.monotonic());
    if (inMs === undefined || this.#stopped || this.#underWay) return;
    this.#timer = new AbortController();
    clock.sleep(inMs, this.#timer.signal).then(
      () => {
        this.#begin();
      },
      () => undefined,
    );
  }

  #begin(): void {
    const { clock, log } = this.parts;
    const at = clock.now();
    const aim = this.#times.begin(clock.monotonic());
    if (!aim || this.#stopped) return;
    const giveUp = new AbortController();
    const ended = send(this.parts, this.turn, { ...aim, at }, giveUp.signal)
      .then(
        (sent) => {
          this.#onSent(sent);
        },
        (error: unknown) => {
          this.#times.end(giveUp.signal.aborted ? 'given_up' : 'failed');
          if (!giveUp.signal.aborted) log.warn({ err: error }, 'no snapshot could be taken');
        },
      )
      .then(() => {
        this.#underWay = undefined;
        this.#plan();
      });
    this.#underWay = { ended, giveUp };
  }

  #onSent(sent: Sent): void {
    this.#times.end(sent.kind === 'stored' ? 'whole' : 'failed');
    this.parts.log.debug({ ...sent }, 'snapshot sent');
    if (sent.kind !== 'too_large') return;
    this.#stopped = true;
    this.turn.warn('The workspace is too large for a snapshot: where the worker is lost, the prompt runs again.');
  }
}

/** What is copied: complete at a turn's end, or as far as this message; otherwise as far as the result of this tool. */
type CopyAim = Pick<SnapshotNote, 'sessionId' | 'at' | 'whole'> & {
  readonly toolId?: string;
  readonly messageId?: string;
};

/** The session first: the files may contain work that the session has not recorded yet, never the other way round. */
async function send(
  { client, place }: SnapshotParts,
  { token, base }: Pick<WatchedTurn, 'token' | 'base'>,
  { toolId, messageId, ...said }: CopyAim,
  signal: AbortSignal,
): Promise<Sent> {
  const { sessionId } = said;
  const awaited = { ...(toolId === undefined ? {} : { toolId }), ...(messageId === undefined ? {} : { messageId }) };
  const session = await copySession(place, { sessionId, signal, ...awaited });
  if (session === undefined) return { kind: 'too_large' };
  const note: SnapshotNote = { ...said, sessionBytes: session.length, ...(base === undefined ? {} : { base }) };
  const files = copyWorkspace(place, signal);
  try {
    return await client.put(token, note, joined(session, files), signal);
  } finally {
    // What was sent may have been refused or given up in its middle: then its programs are still ending.
    await files.return(undefined);
  }
}

/** The status of the bridge while it still stores another one of the same job. */
const busyStatus = 409;

const reasons = {
  too_large: 'it is too large',
  full: 'the bridge has no room for it',
  refused: 'the bridge refused it',
} as const;

async function* joined(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}
