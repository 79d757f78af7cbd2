import { setTimeout as sleep } from 'node:timers/promises';
import { seeJobs } from './audit.js';
import { seeSessions } from './session-audit.js';
import { startChaosCluster, type ChaosCluster } from './cluster.js';
import { makeFaults } from './faults.js';
import { leftWhenDrained } from './kubernetes/left.js';
import { Ledger } from './ledger.js';
import { Load } from './load.js';
import type { ChaosOptions } from './options.js';
import { Random } from './random.js';
import { drawUp, holds, type Report } from './report.js';

const warmLimitMs = 60_000;
const lookEveryMs = 250;
const progressEveryMs = 60_000;

/**
 * Runs jobs on a whole cluster while parts of it are killed and frozen, lets it settle, and draws up what became of
 * every job that was accepted.
 */
export async function runChaos(options: ChaosOptions): Promise<Report> {
  const { say, seed, jobs, minutes, runtime, fsync } = options;
  say(`seed ${String(seed)}: ${String(jobs)} jobs in ${String(minutes)} min at most, ${runtime}, fsync ${fsync}`);
  const began = Date.now();
  const cluster = await startChaosCluster(options);
  try {
    await cluster.clients[0]?.warm('default', 1, AbortSignal.timeout(warmLimitMs));
    say(`the cluster is up, namespace ${cluster.workers.namespace}; its logs: ${cluster.logDir}`);
    const report = await run(cluster, options, began);
    if (!holds(report)) {
      cluster.keepLogs();
      say(`something must not be: the logs stay in ${cluster.logDir}`);
    }
    return report;
  } finally {
    await cluster.stop();
  }
}

async function run(cluster: ChaosCluster, options: ChaosOptions, began: number): Promise<Report> {
  const { say, seed } = options;
  const ledger = new Ledger(cluster);
  const load = new Load(cluster, ledger, new Random(seed), options);
  const over = new AbortController();
  const time = AbortSignal.timeout((options.minutes + options.overtimeMinutes) * 60_000);
  const scene = { cluster, ledger, random: new Random(seed + 1) };
  const making = makeFaults(scene, options.pauseMs, over.signal);
  const progress = setInterval(() => {
    const done = ledger.accepted.size - ledger.open;
    say(`${minutesSince(began)}: ${String(done)} of ${String(ledger.accepted.size)} accepted jobs are over`);
  }, progressEveryMs);
  await load.run(time);
  clearInterval(progress);
  say(`${String(ledger.accepted.size)} jobs accepted, ${String(ledger.open)} of them open; no further faults`);
  over.abort();
  const faults = await making;
  await settle(cluster, ledger, options);
  const podsLeft = await leftWhenDrained(cluster);
  const fenced = Number((await cluster.connection.hget(cluster.keys.counters, 'fenced')) ?? 0);
  return drawUp({
    jobs: await seeJobs(cluster, ledger),
    sessions: await seeSessions(cluster, ledger.sessions),
    faults,
    forgetfulAt:
      options.fsync === 'always' ? [] : faults.filter(({ kind }) => kind === 'Redis killed').map(({ at }) => at),
    withNotes: options.runtime === 'process',
    asked: options.jobs,
    refusedRequests: load.refused,
    clashes: ledger.clashes,
    fenced,
    podsLeft,
    durationMs: Date.now() - began,
  });
}

/** Waits, without faults, until every accepted job is over, or the time for it is. */
async function settle(cluster: ChaosCluster, ledger: Ledger, { say, settleMs }: ChaosOptions): Promise<void> {
  const members = [...cluster.schedulers, ...cluster.apis, ...cluster.bridges];
  for (const fault of await Promise.all(members.map((member) => member.ready()))) if (fault !== undefined) say(fault);
  const began = Date.now();
  while (ledger.open > 0 && Date.now() - began < settleMs) {
    await ledger.look();
    await sleep(lookEveryMs);
  }
  say(`settled after ${((Date.now() - began) / 1_000).toFixed(1)} s; ${String(ledger.open)} jobs are not over`);
}

const minutesSince = (began: number): string => `${((Date.now() - began) / 60_000).toFixed(0)} min`;
