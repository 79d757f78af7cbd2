import { setTimeout as sleep } from 'node:timers/promises';
import { engineAnswers } from '../../../apps/local/dist/cluster/runtime-choice.js';
import { provideWorkerImage } from '../../../apps/local/dist/cluster/worker-image.js';
import { ratioOf, spreadOf, type Figure, type Line, type Stage } from '../figure.js';
import { now } from '../first-request/subject.js';
import { lose } from '../recovery/lose.js';
import { openScene, type Scene } from '../recovery/scene.js';
import { burst } from './burst.js';

const rounds = 6;
const losses = 4;
const warm = 2;
const warmLimitMs = 120_000;
/** So that its spare process is started, and does not compete with what is measured. */
const settleMs = 4_000;
/** The same for both; three of them have room on a node with two processors. */
const profile = { pool: { warm, max: 3 }, resources: { cpus: 1, memoryMb: 1_024, diskMb: 256 } };

/** Pods, next to containers of the same image on the same machine. */
export const kubernetes: Line = {
  name: 'kubernetes',
  about: 'pods of the cluster that KUBECONFIG names, beside containers of Docker',
  run: async (stage) => {
    const missing = await whatIsMissing(stage);
    if (missing !== undefined) return { figures: [], notes: [`Left out: ${missing}.`] };
    await provideWorkerImage(stage.env);
    const figures = [...(await beside(stage)), ...(await burst(stage))];
    return {
      figures,
      notes: [
        'The cluster runs on this machine too; scheduler, bridge and Redis are the same programs for both, pods reach the bridge by TLS.',
        'Ten pods cannot start faster than their processor time allows, here with jobs that end: it counts what else the machine does.',
        'The pod is deleted without grace: with one, its job may end in it.',
      ],
    };
  },
};

async function whatIsMissing({ env }: Stage): Promise<string | undefined> {
  if ((env['KUBECONFIG'] ?? '') === '') return 'KUBECONFIG names no cluster';
  return (await engineAnswers(env['DOCKER_HOST'])) ? undefined : 'no Docker engine answers';
}

/** Rounds in turn, so that what else the machine does hits both. */
async function beside({ say }: Stage): Promise<readonly Figure[]> {
  await using pods = await openScene('kubernetes', warm, { default: profile });
  await using containers = await openScene('docker', warm, { default: profile });
  const [first, other] = [newTimes(), newTimes()];
  for (let round = 0; round <= rounds; round++) {
    // the first round is for caches
    await measure(pods, round === 0 ? newTimes() : first);
    await measure(containers, round === 0 ? newTimes() : other);
  }
  say('losses');
  const lost = [];
  for (let round = 0; round < losses; round++) {
    lost.push(await lose(pods, async (worker) => pods.cluster.workers.pods?.delete(worker, 0)));
  }
  const [request, start] = [ratioOf(first.request, other.request), ratioOf(first.start, other.start)];
  const [noticed, given] = [spreadOf(lost.map((one) => one.noticed)), spreadOf(lost.map((one) => one.given))];
  return [
    {
      what: 'POST sent to first request, warm pod / warm container',
      value: request,
      unit: 'x',
      target: { atMost: 1.3 },
    },
    { what: 'POST sent to first request, warm pod', value: spreadOf(first.request), unit: 'ms' },
    { what: 'POST sent to first request, warm container', value: spreadOf(other.request), unit: 'ms' },
    { what: 'created -> warm, pod / container', value: start, unit: 'x', target: { atMost: 2.5 } },
    { what: 'pod created -> warm', value: spreadOf(first.start), unit: 'ms' },
    { what: 'container created -> warm', value: spreadOf(other.start), unit: 'ms' },
    { what: 'pod deleted -> noticed', value: noticed, unit: 'ms', target: { atMost: 1_000 } },
    { what: 'noticed -> taken up by a warm pod', value: given, unit: 'ms', target: { atMost: 1_500 } },
  ];
}

const newTimes = () => ({ request: [] as number[], start: [] as number[] });

/** One job on a warm worker, and the start of the one that comes in that worker's place. */
async function measure({ api }: Scene, times: ReturnType<typeof newTimes>): Promise<void> {
  await full(api);
  await sleep(settleMs);
  const before = new Set((await api.workers()).map(({ id }) => id));
  const sent = now();
  const job = await api.over(await api.submit({ prompt: 'Say hello' }));
  if (job.start?.kind !== 'warm') throw new Error(`the job's start was ${job.start?.kind ?? 'unknown'}, not warm`);
  times.request.push(Date.parse(job.times.firstRequestAt ?? '') - sent);
  await full(api);
  const come = (await api.workers()).find(({ id, readyAt }) => !before.has(id) && readyAt !== undefined);
  if (come) times.start.push(Date.parse(come.readyAt ?? '') - Date.parse(come.startedAt));
}

async function full(api: Scene['api']): Promise<void> {
  if (!(await api.warm('default', warm, AbortSignal.timeout(warmLimitMs)))) throw new Error('the pool did not fill');
}
