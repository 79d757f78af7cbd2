import { randomUUID } from 'node:crypto';
import type { DockerRuntime } from '@remuda/containers';
import type { ContainerExit } from '@remuda/domain';
import { containerSpec } from '@remuda/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  docker,
  dockerPlace,
  engineAnswers,
  fixtureImage,
  type DockerPlace,
} from '../../contract/containers/docker-fixture.js';
import { Inbox } from '../../contract/containers/inbox.js';
import { canStartEngine, SecondEngine } from '../../contract/containers/second-engine.js';

/** Two hosts of one cluster, each with an engine of its own. */
describe.skipIf(!engineAnswers || !canStartEngine)('Two Docker engines with workers of one cluster', () => {
  let place: DockerPlace;
  let engine: SecondEngine;
  let here: DockerRuntime;
  let there: DockerRuntime;
  const [first, second] = [`w-${randomUUID().slice(0, 8)}`, `w-${randomUUID().slice(0, 8)}`];

  const spec = (worker: string) =>
    containerSpec({
      ...{ worker, image: fixtureImage, env: { REMUDA_WORKER_ID: worker } },
      resources: { cpus: 0.5, memoryMb: 128, pids: 64, diskMb: 16 },
    });
  const workersOf = async (runtime: DockerRuntime) => (await runtime.list()).map(({ worker }) => worker);

  beforeAll(async () => {
    [place, engine] = await Promise.all([dockerPlace(), SecondEngine.start()]);
    await engine.take(fixtureImage);
    here = place.open();
    there = place.open({ docker: { socketPath: engine.socketPath } });
    await here.start(spec(first));
    await there.start(spec(second));
  });

  afterAll(async () => {
    await here.stop(first, 0);
    await Promise.all([here.close(), there.close()]);
    await engine.stop();
    await place.close();
  });

  test('have different names, which say whose containers a scheduler sees', async () => {
    expect(await here.engineName()).not.toBe(await there.engineName());
  });

  test('show their own containers only', async () => {
    expect(await workersOf(here)).toEqual([first]);
    expect(await workersOf(there)).toEqual([second]);
  });

  test('leave those of the other one alone, also when told to stop them', async () => {
    await here.stop(second, 0);
    await there.stop(first, 0);
    expect(await engine.docker('ps', '--format', '{{.Names}}')).toBe(`remuda-${second}`);
    expect(await docker('ps', '--filter', `name=${first}`, '--format', '{{.Names}}')).toBe(`remuda-${first}`);
  });

  test('tell of the ends of their own containers only', async () => {
    const [exitsHere, exitsThere] = [new Inbox<ContainerExit>(), new Inbox<ContainerExit>()];
    const unwatch = await Promise.all([
      here.watch((exit) => {
        exitsHere.put(exit);
      }),
      there.watch((exit) => {
        exitsThere.put(exit);
      }),
    ]);
    await docker('kill', `remuda-${first}`);
    expect(await exitsHere.take(() => true)).toMatchObject({ worker: first });
    await engine.docker('kill', `remuda-${second}`);
    // the first word of the other engine is of its own
    expect(await exitsThere.take(() => true)).toMatchObject({ worker: second });
    for (const end of unwatch) await end();
  });
});
