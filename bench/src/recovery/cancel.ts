import { spreadOf, type Line } from '../figure.js';
import { openScene, runningJob } from './scene.js';

const rounds = 20;

/** How long a cancel takes. */
export const cancel: Line = {
  name: 'cancel',
  about: 'a job whose tool runs is cancelled, until the client hears that it is over',
  run: async () => {
    await using scene = await openScene('process', 1);
    const { api } = scene;
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const id = await runningJob(scene);
      const since = performance.now();
      await api.cancel(id);
      const { state } = await api.over(id);
      times.push(performance.now() - since);
      if (state !== 'cancelled') throw new Error(`${id} is ${state}`);
    }
    const sorted = times.toSorted((a, b) => a - b);
    const p95 = sorted[Math.ceil(rounds * 0.95) - 1] ?? NaN;
    return {
      figures: [
        { what: 'cancel sent -> over', value: spreadOf(times), unit: 'ms' },
        { what: 'cancel sent -> over, p95', value: spreadOf([p95]), unit: 'ms', target: { atMost: 1_000 } },
      ],
      notes: [
        `${rounds} jobs, one after the other; the tool is a \`sleep\` that heeds SIGTERM, and nothing of it is left.`,
      ],
    };
  },
};
