import { provideWorkerImage } from '../../../apps/local/dist/cluster/worker-image.js';
import { engineAnswers } from '../../../apps/local/dist/cluster/runtime-choice.js';
import { killContainer } from '../../../test/chaos/dist/processes.js';
import { spreadOf, type Line } from '../figure.js';
import { lose } from './lose.js';
import { openScene } from './scene.js';

const rounds = 5;

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
      const times = await lose(scene, (worker) => killContainer(scene.cluster.workers, worker));
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
