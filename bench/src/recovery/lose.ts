import { setTimeout as sleep } from 'node:timers/promises';
import { answered, eventsSoFar, runningJob, type Scene } from './scene.js';

/** So that its spare process is started, and does not compete with what is measured. */
const settleMs = 3_000;
const warmLimitMs = 60_000;

/** A job's worker is ended, and its job goes to another one that is warm; how long both took, in ms. */
export async function lose(
  scene: Scene,
  end: (worker: string) => Promise<unknown>,
): Promise<{ readonly noticed: number; readonly given: number }> {
  const { api } = scene;
  if (!(await api.warm('default', 2, AbortSignal.timeout(warmLimitMs)))) throw new Error('the pool did not fill');
  await sleep(settleMs);
  const id = await runningJob(scene);
  if (!(await api.warm('default', 1, AbortSignal.timeout(warmLimitMs)))) throw new Error('no worker is left');
  await sleep(settleMs);
  const { worker = '' } = await api.job(id);
  const endedAt = performance.timeOrigin + performance.now();
  await end(worker);
  const times = await answered('the next attempt', async () => {
    const events = await eventsSoFar(scene, id);
    const requeued = events.find((event) => event.type === 'job.requeued');
    const again = events.find(({ type }) => type === 'attempt.resumed' || type === 'attempt.restarted');
    return requeued && again && { noticed: requeued.at - endedAt, given: again.at - requeued.at };
  });
  const { start } = await api.job(id);
  if (start?.kind === 'cold') throw new Error(`the next start was ${start.kind}`);
  await api.cancel(id);
  await api.over(id);
  return times;
}
