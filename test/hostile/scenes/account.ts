import { setTimeout as sleep } from 'node:timers/promises';
import { script } from '@remuda/scripted-model';
import {
  attackWith,
  bash,
  carryOut,
  idleWorker,
  openSocket,
  type Done,
  type IdleWorker,
  type KnownJob,
  type Stage,
} from '../stage.js';
import { seen, type Verdict } from '../verdict.js';

/** What another job takes at most, and an attacker's own until it is over: walls against "never", not tests of speed. */
const neverMs = 30_000;
const endLimitMs = 60_000;

/** A worker's own account at Redis, as if its password had leaked and the socket were open to all. */
export async function tryAccount(stage: Stage): Promise<readonly Verdict[]> {
  const endedJob = await carryOut(stage, 'stolen', [bash('true')]);
  const ended = { job: endedJob.id, lease: 1, worker: endedJob.job.worker ?? '' };
  const inside = await stealAnd(stage, (stolen) => [
    attackWith('redis-socket.mjs', { ...stolen, part: 'open', victim: stage.victim }),
    attackWith('account.mjs', { ...stolen, victim: stage.victim, ended }),
    attackWith('block.mjs', { ...stolen, part: 'memory' }),
    attackWith('block.mjs', { ...stolen, part: 'leave' }),
  ]);
  const blocked = await stealAnd(stage, (stolen) => [attackWith('block.mjs', { ...stolen, part: 'eval' })]);
  return [
    ...inside.done.verdicts,
    ...(await whatBecame(stage, inside.done, ended)),
    ...(await keysLeft(stage, inside.worker)),
    ...blocked.done.verdicts,
    ...(await takeNext(stage)),
    await flood(stage),
    await fatReports(stage),
    ...(await poison(stage)),
    ...(await wrongType(stage)),
  ];
}

interface Stolen {
  readonly account: { readonly username: string; readonly password: string };
  readonly namespace: string;
  readonly worker: string;
}

async function steal(stage: Stage, idle: IdleWorker): Promise<Stolen> {
  const { cluster } = stage;
  await openSocket(stage, idle.worker, 'redis');
  const { username, password } = new URL(idle.env['REMUDA_REDIS_URL'] ?? '');
  return { account: { username, password }, namespace: cluster.namespace, worker: idle.worker };
}

/** Runs a job that knows the password of the very worker that carries it out. */
async function stealAnd(
  stage: Stage,
  steps: (stolen: Stolen) => Parameters<typeof carryOut>[2],
): Promise<{ done: Done; worker: string }> {
  const idle = await idleWorker(stage, 'stolen');
  return { done: await carryOut(stage, 'stolen', steps(await steal(stage, idle))), worker: idle.worker };
}

async function whatBecame(stage: Stage, inside: Done, ended: KnownJob): Promise<readonly Verdict[]> {
  const { cluster, redis, keys, victim } = stage;
  const [state, refused] = [await redis.hget(keys.job(victim.job), 'state'), await redis.hget(keys.counters, 'fenced')];
  const theirs = JSON.stringify(await redis.xrange(keys.events(victim.job), '-', '+'));
  const old = await cluster.api.result(ended.job);
  const types = inside.events.map((event) => event.type);
  const health = await fetch(`${cluster.schedulerUrl}/health/ready`);
  const forgedGaps = inside.events.filter(
    ({ type, data }) => type === 'stream.gap' && 'missed' in data && data.missed === 9,
  ).length;
  return [
    seen(
      'forge.other_outcome',
      state === 'running',
      `the other job is ${String(state)}; ${String(refused)} reports were fenced`,
    ),
    seen('forge.other_events', !theirs.includes('forged'), "nothing of it is in the other job's events"),
    seen(
      'forge.old_outcome',
      old.text === 'done' && inside.result.text === 'done',
      `results are "${String(old.text)}" and "${String(inside.result.text)}", not "forged"`,
    ),
    seen(
      'forge.reserved_events',
      types.filter((type) => type === 'job.over').length === 1 && forgedGaps === 0,
      'one job.over, and no stream.gap but of what it trimmed itself',
    ),
    seen(
      'forge.garbage',
      health.ok && inside.job.state === 'succeeded',
      `the scheduler answers ${health.status}, the job ${inside.job.state}`,
    ),
  ];
}

/** Keys that the worker's account made, some time after the worker is gone: what is left is swept in turn. */
async function keysLeft(stage: Stage, worker: string): Promise<readonly Verdict[]> {
  const { redis } = stage;
  await leaves(stage, worker);
  const until = Date.now() + neverMs;
  let left = await redis.keys(`*${worker}*`);
  while (left.length > 0 && Date.now() < until) {
    await sleep(500);
    left = await redis.keys(`*${worker}*`);
  }
  return [
    seen('redis.keys_left', left.length === 0, left.length === 0 ? 'no key of the worker is left' : left.join(' ')),
  ];
}

/** Whether a worker is out of the records before long: after its job it leaves. */
async function leaves({ redis, keys }: Stage, worker: string): Promise<boolean> {
  const until = Date.now() + neverMs;
  while ((await redis.sismember(keys.workers, worker)) === 1 && Date.now() < until) await sleep(100);
  return (await redis.sismember(keys.workers, worker)) === 0;
}

/** Says that it is idle while its job runs, and is given the job of somebody else, if the scheduler believes it. */
async function takeNext(stage: Stage): Promise<readonly Verdict[]> {
  const idle = await idleWorker(stage, 'stolen');
  const attack = carryOut(stage, 'stolen', [attackWith('take-next.mjs', await steal(stage, idle))]);
  await runs(stage, idle.worker);
  const next = await stage.cluster.api.submit({
    prompt: `${script({ text: 'x' })} the secret of the next job`,
    profile: 'stolen',
  });
  const { api } = stage.cluster;
  await attack;
  // its verdict was printed after its job was said to be over: so the worker's own word is asked for
  const looked = await stage.redis.hmget(stage.keys.job(next), 'attempt', 'worker');
  await api.over(next);
  const given = (await eventsOf(stage, next))
    .filter((event) => event.type === 'job.assigned')
    .map((event) => event.data.worker);
  return [
    seen(
      'redis.take_next_job',
      !given.includes(idle.worker),
      given.includes(idle.worker)
        ? `the next job was given to the same worker (attempt ${String(looked[0])})`
        : 'the next job went to another worker',
    ),
  ];
}

async function eventsOf(stage: Stage, id: string) {
  const events = [];
  for await (const event of stage.cluster.api.events(id)) events.push(event);
  return events;
}

/** Resolves when a worker has been given a job. */
async function runs({ redis, keys }: Stage, worker: string): Promise<string> {
  for (;;) {
    const job = await redis.hget(keys.worker(worker), 'job');
    if (job) return job;
    await sleep(20);
  }
}

/** What went on while the scheduler was being troubled. */
interface Meanwhile {
  readonly id: string;
  readonly worker: string;
  /** How long a job elsewhere took. */
  readonly otherMs: number;
  readonly state: string;
  /** How the attacker's own job ended, if it did. */
  readonly ownState: string;
}

/** Runs one part of `block.mjs` without following its events, and gives how long a job elsewhere takes meanwhile. */
async function meanwhile(stage: Stage, part: string): Promise<Meanwhile> {
  const { api } = stage.cluster;
  const idle = await idleWorker(stage, 'stolen');
  const begun = stage.keys.ticket(idle.worker, 'begun');
  await stage.redis.set(begun, 1);
  const stolen = await steal(stage, idle);
  const id = await api.submit({
    prompt: script(attackWith('block.mjs', { ...stolen, part }), { text: 'done' }),
    profile: 'stolen',
    workspace: { kind: 'git', url: stage.code.url },
    attempts: 1,
  });
  await idleWorker(stage, 'bystander');
  for (let tries = 0; (await stage.redis.exists(begun)) === 1; tries++) {
    if (tries > 2_400) throw new Error(`${part} has not begun`);
    await sleep(50);
  }
  const since = Date.now();
  const other = await api.submit({ prompt: script({ text: 'fine' }), profile: 'bystander' });
  const { state } = await api.over(other);
  const otherMs = Date.now() - since;
  const ownState = await endOf(stage, id);
  return { id, worker: idle.worker, otherMs, state, ownState };
}

/** The state in which a job is over, or the one in which it still is after so long. */
async function endOf({ redis, keys }: Stage, id: string): Promise<string> {
  const until = Date.now() + endLimitMs;
  for (;;) {
    const state = (await redis.hget(keys.job(id), 'state')) ?? '';
    if (['succeeded', 'failed', 'cancelled'].includes(state) || Date.now() > until) return state;
    await sleep(100);
  }
}

async function flood(stage: Stage): Promise<Verdict> {
  const { redis, keys } = stage;
  const { id, otherMs, state } = await meanwhile(stage, 'flood');
  const [entries, seq] = [await redis.xlen(keys.events(id)), await redis.hget(keys.job(id), 'seq')];
  const mb = Number(await redis.memory('USAGE', keys.events(id))) / 1_048_576;
  await redis.del(keys.events(id));
  return seen(
    'events.million',
    state === 'succeeded' && otherMs < neverMs && Number(seq) > 1_000_000 && entries < 22_000,
    `${String(seq)} events said, ${entries} entries of ${mb.toFixed(0)} MB kept; another job took ${otherMs} ms meanwhile`,
  );
}

async function fatReports(stage: Stage): Promise<Verdict> {
  const { otherMs, state } = await meanwhile(stage, 'fat');
  return seen(
    'reports.oversized',
    state === 'succeeded' && otherMs < neverMs,
    `4 of 17 MB; another job ${state} in ${otherMs} ms meanwhile`,
  );
}

/** Reports that look right: the relay has to get past them, also when it reads the stream a last time. */
async function poison(stage: Stage): Promise<readonly Verdict[]> {
  const { redis, keys, victim } = stage;
  const { worker, otherMs, state, ownState } = await meanwhile(stage, 'poison');
  const still = await redis.hget(keys.job(victim.job), 'state');
  const left = await leaves(stage, worker);
  return [
    seen(
      'reports.poison',
      state === 'succeeded' && otherMs < neverMs && still === 'running',
      `another job ${state} in ${otherMs} ms meanwhile; the one that ran is ${String(still)}`,
    ),
    seen(
      'reports.poison_at_end',
      (ownState === 'failed' || ownState === 'succeeded') && left,
      `in the end its own job is ${ownState}, and the worker ${left ? 'gone' : 'still in the records'}`,
    ),
  ];
}

/** A stream that is none any more: the relay reads all workers' streams at once, and a last time when one is gone. */
async function wrongType(stage: Stage): Promise<readonly Verdict[]> {
  const { redis, keys, victim } = stage;
  const { worker, otherMs, state, ownState } = await meanwhile(stage, 'wrong_type');
  const still = await redis.hget(keys.job(victim.job), 'state');
  const left = await leaves(stage, worker);
  await redis.del(keys.workerOut(worker));
  const over = ownState === 'failed' || ownState === 'succeeded';
  return [
    seen(
      'reports.wrong_type',
      state === 'succeeded' && otherMs < neverMs && still === 'running',
      `another job ${state} in ${otherMs} ms meanwhile; the one that ran is ${String(still)}`,
    ),
    seen(
      'reports.wrong_type_at_end',
      over && left,
      `in the end its own job is ${ownState}, and the worker ${left ? 'gone' : 'still in the records'}`,
    ),
  ];
}
