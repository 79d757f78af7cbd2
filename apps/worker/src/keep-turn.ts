import type { Engine, TurnEnd } from '@remuda/domain';
import type { EndedTurn, Kept, SnapshotKeeper } from './keepers.port.js';
import type { StopReason } from './stop-reason.js';

/** How long the snapshot of a turn's end may take, in ms: a cancelled attempt is taken from its worker after 10 s. */
const limitMs = { succeeded: 60_000, cancelled: 8_000 } as const;

/** Dependencies of keeping a turn. */
export interface KeepParts {
  readonly engine: Pick<Engine, 'holding' | 'endHeld'>;
  readonly snapshots?: SnapshotKeeper | undefined;
}

/** A turn that has ended; without an engine's session it had not begun. */
export type KeptTurn = Omit<EndedTurn, 'sessionId' | 'lastMessage'> & { readonly sessionId: string | undefined };

/**
 * Takes the snapshot from which the session's next turn goes on, if this one succeeded or was cancelled: after a failure
 * the session stays where it was before. Resolves with its time (epoch ms), or why there is none; undefined where there is to be
 * none. Where a Claude Code that is held does not write its transcript in time, it is ended, which completes it.
 */
export async function keepTurn(
  end: Pick<TurnEnd, 'kind'> & { readonly lastMessage?: string },
  { sessionId, ...turn }: KeptTurn,
  { engine, snapshots }: KeepParts,
  stop: AbortSignal,
): Promise<Kept | undefined> {
  const isCancelled = stop.aborted && stop.reason === ('cancel' satisfies StopReason);
  if (sessionId === undefined || (end.kind !== 'succeeded' && !isCancelled)) return undefined;
  const limit = AbortSignal.timeout(isCancelled ? limitMs.cancelled : limitMs.succeeded);
  const ended = { ...turn, sessionId };
  const keep = async (lastMessage?: string): Promise<Kept> =>
    (await snapshots?.keep({ ...ended, ...(lastMessage === undefined ? {} : { lastMessage }) }, limit)) ?? none;
  const lastMessage = engine.holding === true ? end.lastMessage : undefined;
  if (lastMessage !== undefined) {
    const kept = await keep(lastMessage);
    if ('at' in kept) return kept;
  }
  await engine.endHeld?.();
  return keep();
}

const none: Kept = { why: 'this worker takes no snapshots' };
