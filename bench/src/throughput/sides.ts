import { join } from 'node:path';
import { redisKeys } from '@remuda/redis';
import type { RawConnection } from '@remuda/redis/testing';
import { startSchedulerAndWorkers, until } from '../parts/cluster.js';
import { Member } from '../parts/member.js';
import { bareQueue } from './bare.js';
import { firstQueue } from './hops.js';
import type { Batch } from './windowed.js';

export const workers = 20;
const namespace = 'bench';

/** The three sides of the comparison. */
export const sideNames = ['ours', 'bare', 'hops'] as const;
export type SideName = (typeof sideNames)[number];

/** The processes of one side, by their parts in it. */
export interface Side {
  readonly members: Readonly<Record<string, Member>> & { readonly producer: Member };
  /** Sorted set of the jobs that are over. */
  readonly finished: string;
}

/** Starts all sides; the members join the crew as they start. */
export async function startSides(
  url: string,
  watch: RawConnection,
  crew: Member[],
): Promise<Readonly<Record<SideName, Side>>> {
  const ours = await startOurs(url, watch, crew);
  const bare = await startBare(url, crew);
  const hops = await startHops(url, crew);
  return { ours, bare, hops };
}

/** Submits a batch and waits until all of it is over; resolves with the time that it took, in ms. */
export async function complete({ members, finished }: Side, batch: Batch, watch: RawConnection): Promise<number> {
  await watch.del(finished);
  const began = performance.now();
  const submitted = members.producer.ask(batch);
  await until(async () => (await watch.zcard(finished)) >= batch.jobs);
  const ms = performance.now() - began;
  await submitted;
  return ms;
}

const program = (name: string): string => join(import.meta.dirname, `${name}.js`);

async function startOurs(url: string, watch: RawConnection, crew: Member[]): Promise<Side> {
  const cluster = await startSchedulerAndWorkers({ url, namespace, workers }, watch, crew);
  const producer = Member.start(program('ours-producer'), [url, namespace]);
  crew.push(producer);
  const keys = redisKeys(namespace);
  return { members: { producer, ...cluster }, finished: `${keys.bull}:${keys.jobQueue('default')}:completed` };
}

async function startBare(url: string, crew: Member[]): Promise<Side> {
  const prefix = '{bare}';
  const consumers = Member.start(program('bare-workers'), [url, prefix, String(workers)]);
  const producer = Member.start(program('bare-producer'), [url, prefix, bareQueue]);
  crew.push(consumers, producer);
  await consumers.ask({});
  return { members: { producer, workers: consumers }, finished: `${prefix}:${bareQueue}:completed` };
}

/** What is left of ours where nothing is recorded: what two hops cost, whoever makes them. */
async function startHops(url: string, crew: Member[]): Promise<Side> {
  const prefix = '{hops}';
  const args = [url, prefix, String(workers)];
  const consumers = Member.start(program('hops-workers'), args);
  const scheduler = Member.start(program('hops-scheduler'), args);
  const producer = Member.start(program('bare-producer'), [url, prefix, firstQueue]);
  crew.push(consumers, scheduler, producer);
  for (const member of [consumers, scheduler]) await member.ask({});
  return { members: { producer, scheduler, workers: consumers }, finished: `${prefix}:${firstQueue}:completed` };
}
