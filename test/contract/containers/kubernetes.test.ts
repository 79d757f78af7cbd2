import { containerSpec } from '@remuda/testing';
import { containerRuntimeContract, type RuntimeHarness } from './container-runtime.contract.js';
import { apiPlace, fixtureNode, namespace } from './kubernetes-fixture.js';

/** The runtime against a stand-in of the API server, whose node runs the fixture as processes of this machine. */
async function standInHarness(): Promise<RuntimeHarness> {
  const place = await apiPlace();
  const node = fixtureNode(place.api);
  const podOf = (worker: string) => place.api.store.get('Pod', namespace, `remuda-${worker}`);
  return {
    open: (cluster = 'own') => place.open({ cluster }),
    openBroken: () => ({
      runtime: place.open({ connection: place.connection('nowhere') }),
      images: [],
      names: /no namespace nowhere/,
    }),
    spec: (worker, behaviour) => containerSpec({ worker, env: { REMUDA_WORKER_ID: worker, FIXTURE: behaviour } }),
    running: (worker) => node.printed(podOf(worker)!, 'runs as process'),
    kill: (worker) => {
      node.kill(podOf(worker)!);
      return Promise.resolve();
    },
    close: async () => {
      node.close();
      await place.close();
    },
  };
}

containerRuntimeContract('The Kubernetes runtime', standInHarness);
