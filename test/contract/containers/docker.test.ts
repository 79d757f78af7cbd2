import { randomUUID } from 'node:crypto';
import { containerSpec } from '@remuda/testing';
import { describe } from 'vitest';
import { containerRuntimeContract, type RuntimeHarness } from './container-runtime.contract.js';
import { buildWith, docker, dockerPlace, engineAnswers, fixtureImage } from './docker-fixture.js';

async function dockerHarness(): Promise<RuntimeHarness> {
  const place = await dockerPlace();
  return {
    open: (cluster = 'own') => place.open({ cluster: `${place.cluster}-${cluster}` }),
    openBroken: () => ({
      runtime: place.open(),
      images: ['remuda-worker-that-nobody-built:0'],
      names: /remuda-worker-that-nobody-built:0.*node docker\/build\.mjs worker/,
    }),
    spec: (worker, behaviour) =>
      containerSpec({ worker, image: fixtureImage, env: { REMUDA_WORKER_ID: worker, FIXTURE: behaviour } }),
    rebuildable: () => {
      const image = `remuda-rebuilt-${randomUUID().slice(0, 8)}:test`;
      return Promise.resolve({
        runtime: place.open(),
        image,
        rebuild: (content) => buildWith(image, content),
        remove: async () => {
          await docker('rmi', '-f', image);
        },
      });
    },
    running: async (worker) => {
      await place.greetings.from(worker);
    },
    kill: async (worker) => {
      await docker('kill', `remuda-${worker}`);
    },
    close: () => place.close(),
  };
}

describe.skipIf(!engineAnswers)('with a Docker engine', () => {
  containerRuntimeContract('The Docker runtime', dockerHarness);
});
