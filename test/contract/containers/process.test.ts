import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { containerSpec } from '@remuda/testing';
import { containerRuntimeContract, type RuntimeHarness } from './container-runtime.contract.js';
import { processPlace } from './process-fixture.js';

async function processHarness(): Promise<RuntimeHarness> {
  const place = await processPlace();
  const pids = new Map<string, number>();
  return {
    open: (cluster = 'own') => place.open({ cluster }),
    openBroken: () => ({
      runtime: place.open({ workerBundle: '/nowhere/worker.mjs' }),
      images: [],
      names: /\/nowhere\/worker\.mjs.*npm run build/,
    }),
    spec: (worker, behaviour) => containerSpec({ worker, env: { REMUDA_WORKER_ID: worker, FIXTURE: behaviour } }),
    rebuildable: async () => {
      const folder = await mkdtemp(join(tmpdir(), 'rm-bundle-'));
      const workerBundle = join(folder, 'worker.mjs');
      return {
        runtime: place.open({ workerBundle }),
        image: 'of no meaning here',
        rebuild: (content) => writeFile(workerBundle, `// ${content}\n`),
        remove: () => rm(folder, { recursive: true, force: true }),
      };
    },
    running: async (worker) => {
      const { pid } = await place.greetings.from(worker);
      pids.set(worker, pid);
    },
    kill: (worker) => {
      process.kill(pids.get(worker) ?? NaN, 'SIGKILL');
      return Promise.resolve();
    },
    close: () => place.close(),
  };
}

containerRuntimeContract('The process runtime', processHarness);
