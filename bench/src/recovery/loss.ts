import { setTimeout as sleep } from 'node:timers/promises';
import { provideWorkerImage } from '../../../apps/local/dist/cluster/worker-image.js';
import { engineAnswers } from '../../../apps/local/dist/cluster/runtime-choice.js';
import { killContainer } from '../../../test/chaos/dist/processes.js';
import { spreadOf, type Line } from '../figure.js';
import { answered, eventsSoFar, openScene, runningJob, type Scene } from './scene.js';

const rounds = 5;
/** So that its spare process is started, and does not compete with what is measured. */
const settleMs = 3_000;
const warmLimitMs = 60_000;

/** What becomes of a job whose container is killed. */
export const loss: Line = {
  name: 'loss',
  about: "a worker's container is killed, until its job has gone to another one that is warm",
  run: async ({ env }) => {
    if (!(await engineAnswers(env['DOCKER_HOST'])))
      return { figures: [], notes: ['Left out: no Docker engine answers.'] };
    await provideWorkerImage(env);
    await using scene = await openScene('docker', 2);
    const noticed: number[] = [];
    const given: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const times = await lose(scene);
      noticed.push(times.noticed);
      given.push(times.given);
    }
    return {
      figures: [
        { what: 'container killed -> noticed', value: spreadOf(noticed), unit: 'ms', target: { atMost: 1_000 } },
        { what: 'noticed -> taken up by a warm worker', value: spreadOf(given), unit: 'ms', target: { atMost: 1_500 } },
      ],
      notes: [
        "Noticed is the job's `job.requeued`, taken up the next `attempt.resumed` or `attempt.restarted`, by the times in its events; a job whose next start is not warm fails the line.",
      ],
    };
  },
};

async function lose(scene: Scene): Promise<{ readonly noticed: number; readonly given: number }> {
  const { api } = scene;
  if (!(await api.warm('default', 2, AbortSignal.timeout(warmLimitMs)))) throw new Error('the pool did not fill');
  await sleep(settleMs);
  const id = await runningJob(scene);
  if (!(await api.warm('default', 1, AbortSignal.timeout(warmLimitMs)))) throw new Error('no worker is left');
  await sleep(settleMs);
  const { worker = '' } = await api.job(id);
  const killedAt = performance.timeOrigin + performance.now();
  await killContainer(scene.cluster.workers, worker);
  const times = await answered('the next attempt', async () => {
    const events = await eventsSoFar(scene, id);
    const requeued = events.find((event) => event.type === 'job.requeued');
    const again = events.find(({ type }) => type === 'attempt.resumed' || type === 'attempt.restarted');
    return requeued && again && { noticed: requeued.at - killedAt, given: again.at - requeued.at };
  });
  const { start } = await api.job(id);
  if (start?.kind === 'cold') throw new Error(`the next start was ${start.kind}`);
  await api.cancel(id);
  await api.over(id);
  return times;
}
