import { containerSpec, FakeContainerRuntime, FakeMachine } from '@remuda/testing';
import { containerRuntimeContract, type Behaviour, type RuntimeHarness } from './container-runtime.contract.js';

const giveUp = { reason: 'ended with exit code 7', lastLines: ['fixture gives up'] };

function fakeHarness(): RuntimeHarness {
  const machine = new FakeMachine();
  return {
    open: (cluster = 'own') =>
      new FakeContainerRuntime({
        cluster,
        machine,
        onStart: ({ worker, env }) => {
          if (env['FIXTURE'] === 'fail')
            setImmediate(() => {
              machine.end(worker, giveUp);
            });
        },
      }),
    openBroken: () => ({
      runtime: new FakeContainerRuntime({ missing: ['nowhere'] }),
      images: ['nowhere'],
      names: /nowhere/,
    }),
    spec: (worker, behaviour: Behaviour) => containerSpec({ worker, env: { FIXTURE: behaviour } }),
    rebuildable: () => {
      const runtime = new FakeContainerRuntime({ machine });
      let content: string | undefined;
      const rebuild = async (next: string): Promise<void> => {
        await Promise.resolve();
        if (content !== undefined && content !== next) machine.rebuild('own');
        content = next;
      };
      return Promise.resolve({ runtime, image: 'own', rebuild, remove: () => Promise.resolve() });
    },
    running: () => Promise.resolve(),
    kill: (worker) => {
      machine.end(worker);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

containerRuntimeContract('The fake', () => Promise.resolve(fakeHarness()));
