import { defaultTenant, type JobSpec } from '@remuda/domain';
import { clientOf } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { prioritiesPerLine } from '../tenants/lines.lua.js';
import { relistLines } from '../tenants/relist.lua.js';
import { keepFinished, keepOthers, type QueuedJob, type Queues } from './queues.js';

/** What a job's place in its queue depends on. */
export interface Placeable {
  readonly id: string;
  /** Default: the tenant `default`. */
  readonly tenant?: string;
  readonly spec: Pick<JobSpec, 'profile' | 'priority' | 'labels' | 'runAt'>;
}

/**
 * Gives jobs their places in their profiles' queues. Doing it twice does no harm: a job that has its place keeps it.
 */
export async function placeJobs(queues: Queues, jobs: readonly Placeable[], now: number): Promise<void> {
  const profiles = new Set(jobs.map((job) => job.spec.profile));
  await Promise.all([...profiles].map((profile) => placeIn(queues, profile, jobs, now)));
}

async function placeIn(queues: Queues, profile: string, jobs: readonly Placeable[], now: number): Promise<void> {
  const { keys } = queues;
  const queue = queues.jobs(profile);
  const theirs = jobs.filter((job) => job.spec.profile === profile);
  const tenants = theirs.map(({ tenant = defaultTenant }) => tenant);
  const redis = clientOf(queues.connection);
  const lines = await redis.hmget(keys.tenantLines, ...tenants);
  const entries = theirs.map(({ id, spec }, i) => ({
    name: profile,
    data: queuedJob(spec),
    opts: {
      ...{ jobId: id, timestamp: now, ...delayOf(spec, now) },
      priority: Number(lines[i] ?? 0) * prioritiesPerLine + spec.priority,
    },
  }));
  const [only] = entries;
  if (entries.length === 1 && only) await queue.add(only.name, only.data, only.opts);
  else await queue.addBulk(entries);
  await relistLines(redis, keys, profile);
}

/**
 * Gives a job that had a place before a new one: BullMQ keeps the places of jobs that are over, and accepts no second
 * job of the same id. If the old place is still held, by whoever is about to end it, nothing is done: false.
 */
export async function placeAgain(queues: Queues, job: Placeable, now: number): Promise<boolean> {
  if ((await queues.jobs(job.spec.profile).remove(job.id)) === 0) return false;
  await placeJobs(queues, [job], now);
  await announce(queues, [job]);
  return true;
}

/** Notes that jobs have their places, and wakes the schedulers. */
export async function announce(queues: Queues, jobs: readonly Placeable[]): Promise<void> {
  const { connection, keys } = queues;
  const redis = clientOf(connection);
  const profiles = new Set(jobs.map((job) => job.spec.profile));
  const countOf = (profile: string): number => jobs.filter((job) => job.spec.profile === profile).length;
  await Promise.all([
    ...[...profiles].map((profile) => redis.publish(keys.wake, `${profile} ${String(countOf(profile))}`)),
    redis.zrem(keys.unplaced, ...jobs.map((job) => job.id)),
  ]);
}

/** What BullMQ keeps of a job as its data. */
export function queuedJob({ profile, labels }: Placeable['spec']): QueuedJob {
  return Object.keys(labels).length > 0 ? { profile, labels } : { profile };
}

/** The keys of places in a profile's queue: prioritized ones, delayed ones, and the priority counter. */
export function placeKeys(keys: RedisKeys, profile: string) {
  const queue = keys.placed(profile, '');
  return { prioritized: `${queue}prioritized`, delayed: `${queue}delayed`, priorityCounter: `${queue}pc` };
}

/**
 * The keys of a job that leaves its profile's queue before it was claimed: its place, its logs, and the queue's lines.
 */
export function leavingKeys(keys: RedisKeys, profile: string, id: string) {
  const place = keys.placed(profile, id);
  const line = (name: string): string => keys.placed(profile, name);
  const lines = { wait: line('wait'), prioritized: line('prioritized'), delayed: line('delayed') };
  return { place, placeLogs: `${place}:logs`, ...lines };
}

/** The options of a job as BullMQ itself writes them down, in its own short names. */
export function storedOptions(id: string, spec: Placeable['spec'], now: number): string {
  return `${storedBegin},${JSON.stringify({ jobId: id, priority: spec.priority, ...delayOf(spec, now) }).slice(1)}`;
}

const { keepLogs, ...kept } = keepOthers;
/** What all of them have, up to the brace: it is the same each time. */
const storedBegin = JSON.stringify({ ...keepFinished, ...kept, kl: keepLogs }).slice(0, -1);

/** The same of a ticket in a worker's queue: nothing of it is kept. */
export const ticketOptions = JSON.stringify({ ...kept, removeOnComplete: true, removeOnFail: true, kl: keepLogs });

function delayOf({ runAt }: Placeable['spec'], now: number): { readonly delay?: number } {
  return runAt === undefined || runAt <= now ? {} : { delay: runAt - now };
}
