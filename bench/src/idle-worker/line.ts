import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { claudeVersion, resolveClaude } from '@remuda/engine';
import { startScriptedModel } from '@remuda/scripted-model';
import { startCluster } from '../../../apps/local/dist/cluster/cluster.js';
import { ApiClient } from '../../../apps/local/dist/demo/api-client.js';
import { missingForContainers } from '../container/line.js';
import { ratioOf, spreadOf, type Line, type Stage } from '../figure.js';
import { containerUse, type ContainerUse } from './container-use.js';

/** Idle workers that are looked at side by side: what they share counts in parts. */
const warm = 4;
/** A worker is looked at when it has been idle for so long, in ms: its spare, if it keeps one, is there by then. */
const settleMs = 15_000;
const limitMs = 120_000;

/** What an idle worker holds, and what its start cost. */
export const idleWorker: Line = {
  name: 'idle-worker',
  about: 'memory of a warm container that waits for a job, and CPU time until it does so, with and without a spare',
  run: async (stage) => {
    const missing = await missingForContainers(stage);
    if (missing !== undefined) return { figures: [], notes: [`Left out: ${missing}.`] };
    const { without, spared } = await measure(stage);
    const [pss, pssSpared] = [of(without, 'pssMb'), of(spared, 'pssMb')];
    const [cpu, cpuSpared] = [of(without, 'cpuMs'), of(spared, 'cpuMs')];
    return {
      figures: [
        { what: 'memory (PSS)', value: spreadOf(pss), unit: 'MB', target: { atMost: 160 } },
        { what: 'CPU time until it is idle', value: spreadOf(cpu), unit: 'ms', target: { atMost: 2_500 } },
        {
          what: 'warm workers for each GB',
          value: spreadOf(pss.map((each) => 1_024 / each)),
          unit: 'workers',
          target: { atLeast: 6 },
        },
        { what: 'memory (PSS) with a spare', value: spreadOf(pssSpared), unit: 'MB' },
        { what: 'CPU time until it is idle, with a spare', value: spreadOf(cpuSpared), unit: 'ms' },
        { what: 'memory without / with a spare', value: ratioOf(pss, pssSpared), unit: 'x' },
        { what: 'CPU time without / with a spare', value: ratioOf(cpu, cpuSpared), unit: 'x' },
      ],
      notes: [
        `Claude Code ${await claudeVersion(resolveClaude(import.meta.dirname))}, ${String(warm)} workers side by side. MB are MiB. CPU time is that of the control group, all processes included, also while the worker waits.`,
      ],
    };
  },
};

const of = (uses: readonly ContainerUse[], what: keyof ContainerUse): number[] => uses.map((use) => use[what]);

/** Workers of a pool in which no job has had use for a spare; then those of the same pool after one had. */
async function measure({ env }: Stage): Promise<Record<'without' | 'spared', readonly ContainerUse[]>> {
  const model = await startScriptedModel();
  const namespace = `bench-${randomBytes(4).toString('hex')}`;
  const own = { REMUDA_WARM: String(warm), REMUDA_MAX_WORKERS: String(warm + 1) };
  const place = { namespace, runtime: 'docker', model: new URL(model.url), say: () => undefined } as const;
  try {
    const cluster = await startCluster({ env: { ...env, ...own }, ...place });
    try {
      const api = new ApiClient(cluster.apiUrl);
      const first = await settled(api, new Set());
      const without = await usesOf(first);
      for (let job = 0; job < warm; job++) await api.over(await api.submit({ prompt: 'hi', appendSystemPrompt: 'x' }));
      const spared = await usesOf(await settled(api, new Set(first)));
      return { without, spared };
    } finally {
      await cluster.stop();
    }
  } finally {
    await model.close();
  }
}

const usesOf = (workers: readonly string[]): Promise<readonly ContainerUse[]> =>
  Promise.all(workers.map((worker) => containerUse(`remuda-${worker}`)));

/** The pool's workers when it is full of others than these, and all of them have been idle for a while. */
async function settled(api: ApiClient, others: ReadonlySet<string>): Promise<readonly string[]> {
  const limit = performance.now() + limitMs;
  for (;;) {
    const [workers, pools] = [await api.workers(), await api.remuda.pools()];
    const idle = workers.filter(({ id, phase }) => phase === 'idle' && !others.has(id));
    const since = Math.max(...idle.map(({ idleSince }) => Date.parse(idleSince ?? '')));
    const isSpared = pools.some(({ spare }) => spare !== undefined) === others.size > 0;
    if (idle.length === warm && isSpared && Date.now() - since > settleMs) return idle.map(({ id }) => id);
    if (performance.now() > limit) throw new Error(`the pool was not idle within ${String(limitMs / 1_000)} s`);
    await sleep(500);
  }
}
