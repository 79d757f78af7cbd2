import { availableParallelism, cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { script } from '@remuda/scripted-model';
import { ratioOf, spreadOf, type Figure, type Stage } from '../figure.js';
import { now } from '../first-request/subject.js';
import { openScene, type Scene } from '../recovery/scene.js';

const rounds = 3;
const most = 10;
const goneLimitMs = 120_000;
/** Small requests, so that ten of them fit on a node with two processors. */
const profile = { pool: { warm: 0, max: most }, resources: { cpus: 0.5, memoryMb: 768, diskMb: 128 } };

/** From no pod at all to one for each job of a backlog, of one job and of ten. */
export async function burst({ say }: Stage): Promise<readonly Figure[]> {
  await using scene = await openScene('kubernetes', 0, { default: profile });
  const [one, ten, used]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round <= rounds; round++) {
    say(`burst ${String(round)}`);
    const single = await untilStarted(scene, 1);
    // the first round is for caches
    if (round === 0) continue;
    one.push(single);
    const before = busyMs();
    ten.push(await untilStarted(scene, most));
    used.push((busyMs() - before) / most);
  }
  const least = used.map((ms) => (ms * most) / availableParallelism());
  return [
    { what: '0 -> 10 pods / 0 -> 1 pod', value: ratioOf(ten, one), unit: 'x', target: { atMost: 3 } },
    { what: '0 -> 10 pods, until the last job has its worker', value: spreadOf(ten), unit: 'ms' },
    { what: '0 -> 1 pod', value: spreadOf(one), unit: 'ms' },
    { what: 'processor time of the machine for each of ten pods and its job', value: spreadOf(used), unit: 'ms' },
    { what: 'the same for all ten, on all processors at once / 0 -> 1 pod', value: ratioOf(least, one), unit: 'x' },
  ];
}

/** Submits so many jobs to a pool without workers; the time until each has one, in ms. Then waits until no pod is left. */
async function untilStarted({ api, cluster }: Scene, jobs: number): Promise<number> {
  const sent = now();
  // none is over before the last one has begun, so that no worker leaves for another one
  const prompt = script({ text: 'hello', delayMs: 500 });
  const ids = await Promise.all(Array.from({ length: jobs }, () => api.submit({ prompt })));
  const over = await Promise.all(ids.map((id) => api.over(id)));
  const last = Math.max(...over.map(({ times }) => Date.parse(times.claimedAt ?? '')));
  const limit = now() + goneLimitMs;
  while ((await cluster.workers.pods?.pods())?.length !== 0) {
    if (now() > limit) throw new Error('pods are left');
    await sleep(100);
  }
  return last - sent;
}

/** What all processors of this machine have worked since it was started, in ms: also for others. */
function busyMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}
