import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { resolveClaude } from '@remuda/engine';
import { script, startScriptedModel } from '@remuda/scripted-model';
import { startCluster } from '../../../apps/local/dist/cluster/cluster.js';
import { ApiClient } from '../../../apps/local/dist/demo/api-client.js';
import { spreadOf, type Figure, type Line } from '../figure.js';

const services = ['api', 'scheduler', 'bridge'] as const;
type Service = (typeof services)[number];

const readyLimitMs = 120_000;
const jobs = 5;
/** After the jobs, so that what only they needed is collected, in ms. */
const restMs = 5_000;

/** What the services of a cluster take. */
export const servicesMemory: Line = {
  name: 'services-memory',
  about: `memory (PSS) of api, scheduler and bridge of a cluster, without a history, after ${jobs} jobs with deltas`,
  run: async (stage) => {
    await using model = await startScriptedModel();
    const cluster = await startCluster({
      env: {
        ...stage.env,
        REMUDA_CLAUDE: resolveClaude(import.meta.dirname),
        REMUDA_WARM: '1',
        REMUDA_MAX_WORKERS: '1',
      },
      namespace: `bench-${randomBytes(4).toString('hex')}`,
      runtime: 'process',
      model: new URL(model.url),
      say: () => undefined,
    });
    try {
      const api = new ApiClient(cluster.apiUrl);
      if (!(await api.warm('default', 1, AbortSignal.timeout(readyLimitMs)))) throw new Error('no worker became warm');
      const fresh = await takenByServices();
      const prompt = script({ text: 'word '.repeat(50), chunkMs: 10 });
      for (let job = 0; job < jobs; job++) await api.over(await api.submit({ prompt, deltas: true }));
      await sleep(restMs);
      const used = await takenByServices();
      return { figures: services.flatMap((name) => figuresOf(name, fresh, used)), notes: [] };
    } finally {
      await cluster.stop();
    }
  },
};

type Taken = ReadonlyMap<Service, number>;

function figuresOf(name: Service, fresh: Taken, used: Taken): readonly Figure[] {
  const mb = (what: string, taken: Taken): Figure => ({
    what: `${name}: ${what}`,
    value: spreadOf([(taken.get(name) ?? NaN) / 2 ** 20]),
    unit: 'MiB',
  });
  return [{ ...mb('after the jobs', used), target: { atMost: 90 } }, mb('before any job', fresh)];
}

/** PSS of the services that this process has started, in bytes. */
async function takenByServices(): Promise<Taken> {
  const taken = new Map<Service, number>();
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const read = (file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
    if (/^PPid:\s+(\d+)/m.exec(await read('status'))?.[1] !== String(process.pid)) continue;
    const [, app] = /\/apps\/(api|scheduler|bridge)\/dist\/main\.js\0/.exec(await read('cmdline')) ?? [];
    const [, kb] = /^Pss:\s+(\d+) kB/m.exec(await read('smaps_rollup')) ?? [];
    if (app !== undefined && kb !== undefined) taken.set(app as Service, Number(kb) * 1_024);
  }
  return taken;
}
