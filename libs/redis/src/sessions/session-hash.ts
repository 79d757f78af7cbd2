import type { Concurrent, SessionRecord, SessionSettings, SessionState } from '@remuda/domain';
import { readSnapshot } from '@remuda/protocol';
import { lackingOf, type JobHash } from '../jobs/job-hash.js';

/** Reads a session's hash, and the jobs that wait for their turn; undefined if there is none. */
export function readSession(id: string, hash: JobHash, waiting: readonly string[]): SessionRecord | undefined {
  const {
    state,
    tenant = '',
    settings = '{}',
    concurrent,
    turn,
    createdAt,
    changedAt,
    snapshot,
    turns = 0,
    keepTurns = 1,
  } = hash;
  const { forkedFrom, forkedAtTurn, spentMicroUsd = 0, saving, lacks } = hash;
  if (!state) return undefined;
  const kept = snapshot ? readSnapshot(snapshot) : undefined;
  return {
    ...{ id, tenant, state: state as SessionState, concurrent: concurrent as Concurrent },
    ...{ keepTurns: Number(keepTurns), costUsd: Number(spentMicroUsd) / 1_000_000 },
    settings: JSON.parse(settings) as SessionSettings,
    ...{ createdAt: Number(createdAt), changedAt: Number(changedAt), waiting, turns: Number(turns) },
    ...(turn ? { turn } : {}),
    ...(saving && state === 'saving' ? { saving } : {}),
    ...(lacks ? { lacks: lackingOf(lacks) } : {}),
    ...(forkedFrom ? { forkedFrom: { session: forkedFrom, turn: Number(forkedAtTurn) } } : {}),
    ...(kept ? { snapshotAt: kept.at } : {}),
  };
}
