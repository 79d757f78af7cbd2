import type { TurnEnd } from '@remuda/domain';
import type { EndedTurn, SnapshotKeeper } from './keepers.port.js';
import type { StopReason } from './stop-reason.js';

/** How long the snapshot of a turn's end may take, in ms: a cancelled attempt is taken from its worker after 10 s. */
const limitMs = { succeeded: 60_000, cancelled: 8_000 } as const;

/** Dependencies of keeping a turn. */
export interface KeepParts {
  readonly snapshots?: SnapshotKeeper | undefined;
  readonly warn: (message: string) => void;
}

/** A turn that has ended; without an engine's session it had not begun. */
export type KeptTurn = Omit<EndedTurn, 'sessionId'> & { readonly sessionId: string | undefined };

/**
 * Takes the snapshot from which the session's next turn goes on, if this one succeeded or was cancelled: after a failure
 * the session stays where it was before. Warns if there is none.
 */
export async function keepTurn(
  end: Pick<TurnEnd, 'kind'>,
  { sessionId, ...turn }: KeptTurn,
  { snapshots, warn }: KeepParts,
  stop: AbortSignal,
): Promise<void> {
  const isCancelled = stop.aborted && stop.reason === ('cancel' satisfies StopReason);
  if (sessionId === undefined || (end.kind !== 'succeeded' && !isCancelled)) return;
  const limit = AbortSignal.timeout(isCancelled ? limitMs.cancelled : limitMs.succeeded);
  const why = snapshots ? await snapshots.keep({ ...turn, sessionId }, limit) : 'this worker takes no snapshots';
  if (why !== undefined) warn(`No snapshot of this turn was stored (${why}): the session does not go on from it.`);
}
