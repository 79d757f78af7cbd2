import { noUsage } from '@remuda/domain';
import { encodeReport, joinReports, type WorkerReport } from '@remuda/protocol';
import type { FaultScene } from './fault-scene.js';

/** What a result says that must never be believed. */
export const forged = 'FORGED';

/** Reports of the worker's last entry: the relay takes ours for that entry's next one only behind as many. */
const mostInOneEntry = 200;
const filler: WorkerReport = { kind: 'phase', phase: 'busy' };

/**
 * Has a worker say again how an attempt ended that is not its own any more, as a hostile one or a doubled message
 * would: the job is over, or has another lease. Every such word has to be refused, and counted.
 */
export async function replayOldOutcome({ cluster, ledger, random }: FaultScene): Promise<object | undefined> {
  const { connection, keys, pools } = cluster;
  const worker = random.pick((await pools.workers()).filter(({ phase }) => phase === 'idle' || phase === 'busy'));
  const job = random.pick([...ledger.accepted.keys()]);
  if (!worker || job === undefined) return undefined;
  const [state, lease] = await connection.hmget(keys.job(job), 'state', 'lease');
  const old = Number(lease ?? 0) - (state === 'succeeded' || state === 'failed' ? 0 : 1);
  const [entry] = (await connection.xrevrange(keys.workerOut(worker.id), '+', '-', 'COUNT', 1)) as [string, string[]][];
  if (old < 1 || entry === undefined) return undefined;
  const outcome: WorkerReport = {
    kind: 'outcome',
    job,
    lease: old,
    outcome: { kind: 'succeeded', result: { text: forged, turns: 1, usage: noUsage, costUsd: 0 } },
  };
  // Between the worker's own entries, which it numbers 1-0, 2-0, …
  const between = entry[0].replace(/-\d+$/, '-1');
  const text = joinReports([...Array.from({ length: mostInOneEntry }, () => filler), outcome].map(encodeReport));
  await connection.xadd(keys.workerOut(worker.id), between, 'd', text).catch(() => undefined);
  return {};
}
