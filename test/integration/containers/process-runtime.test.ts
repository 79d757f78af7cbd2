import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessRuntime } from '@remuda/containers';
import type { ContainerExit } from '@remuda/domain';
import { containerSpec } from '@remuda/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Inbox } from '../../contract/containers/inbox.js';
import { processPlace, type ProcessPlace } from '../../contract/containers/process-fixture.js';
import { schedulerProgram } from './scheduler-program.js';

const worker = `w-${randomUUID().slice(0, 8)}`;

// looks into /proc; elsewhere the contract suite is what there is
describe.skipIf(process.platform !== 'linux')('The process runtime', () => {
  let place: ProcessPlace;
  let runtime: ProcessRuntime;

  beforeEach(async () => {
    place = await processPlace();
    runtime = place.open();
  });

  afterEach(async () => {
    await runtime.stop(worker, 0);
    await runtime.close();
    await place.close();
  });

  const spec = (behaviour = 'obey') => containerSpec({ worker, env: { REMUDA_WORKER_ID: worker, FIXTURE: behaviour } });

  const start = async (behaviour?: string) => {
    await runtime.start(spec(behaviour));
    return place.greetings.from(worker);
  };

  it('ends with the worker what it left in a session of its own, when it is stopped', async () => {
    const { pid, left } = await start('litter');
    await runtime.stop(worker, 10_000);
    expect([isThere(pid), isThere(left)]).toEqual([false, false]);
  });

  it('ends what a killed worker left behind before it tells of its end', async () => {
    const exits = new Inbox<ContainerExit>();
    await runtime.watch((exit) => {
      exits.put(exit);
    });
    const { pid, left } = await start('litter');
    process.kill(pid, 'SIGKILL');
    await exits.take(() => true);
    expect(isThere(left)).toBe(false);
  });

  it('finds the processes of an engine that marks them with a scope of its own', async () => {
    await runtime.start(spec());
    const { pid } = await place.greetings.from(worker);
    const home = (await environmentOf(pid))['HOME'];
    const agent = spawn('sleep', ['600'], {
      env: { PATH: process.env['PATH'], HOME: home, REMUDA_SCOPE: 'another' },
      detached: true,
      stdio: 'ignore',
    });
    await once(agent, 'spawn');
    const ended = once(agent, 'exit');
    await runtime.stop(worker, 10_000);
    expect((await ended)[1]).toBe('SIGKILL');
  });

  it("hands on nothing of the host's environment but the path, language and time zone", async () => {
    const secret = { ANTHROPIC_API_KEY: 'sk-secret', NODE_OPTIONS: '--no-warnings', TZ: 'UTC', PATH: '/usr/bin:/bin' };
    runtime = place.open({ hostEnv: secret });
    const { pid } = await start();
    const env = await environmentOf(pid);
    expect(Object.keys(env).sort()).toEqual(
      ['FIXTURE', 'HOME', 'PATH', 'REMUDA_BRIDGE', 'REMUDA_CLAUDE', 'REMUDA_HOME', 'REMUDA_SCOPE'].concat([
        'REMUDA_SOCKET_DIR',
        'REMUDA_WORKER_ID',
        'REMUDA_WORKSPACE',
        'TMPDIR',
        'TZ',
      ]),
    );
    expect(env).toMatchObject({ PATH: '/usr/bin:/bin', HOME: join(place.dir, worker, 'home'), REMUDA_SCOPE: worker });
  });

  it('finds the workers of a scheduler that was killed, and ends them', async () => {
    const scheduler = await schedulerProgram(place.options, spec('litter'));
    const { pid, left } = await place.greetings.from(worker);
    await killed(scheduler);
    expect(isThere(pid)).toBe(true);
    expect(await runtime.list()).toMatchObject([{ worker, running: true }]);
    await runtime.stop(worker, 10_000);
    expect([isThere(pid), isThere(left)]).toEqual([false, false]);
    expect(await runtime.list()).toEqual([]);
  });

  it('finds a worker whose scheduler was killed before it noted the process', async () => {
    const { pid } = await start();
    const card = join(place.dir, worker, 'worker.json');
    const noted = JSON.parse(await readFile(card, 'utf8')) as Record<string, unknown>;
    await writeFile(card, JSON.stringify({ ...noted, pid: undefined, startTime: undefined }));
    expect(await runtime.list()).toMatchObject([{ worker, running: true }]);
    await runtime.stop(worker, 10_000);
    expect(isThere(pid)).toBe(false);
  });

  it('leaves alone a process that was given the id of one that ended', async () => {
    const { pid } = await start();
    const stranger = spawn('sleep', ['600']);
    await once(stranger, 'spawn');
    const card = join(place.dir, worker, 'worker.json');
    const noted = JSON.parse(await readFile(card, 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    await writeFile(card, JSON.stringify({ ...noted, pid: stranger.pid }));
    expect(await runtime.list()).toMatchObject([{ worker, running: false }]);
    await runtime.stop(worker, 10_000);
    expect(isThere(stranger.pid)).toBe(true);
    await killed(stranger);
  });

  it('does not tell of one that another scheduler is stopping', async () => {
    const exits = new Inbox<ContainerExit>();
    await runtime.watch((exit) => {
      exits.put(exit);
    });
    const { pid } = await start();
    const card = join(place.dir, worker, 'worker.json');
    const noted = JSON.parse(await readFile(card, 'utf8')) as object;
    await writeFile(card, JSON.stringify({ ...noted, stopping: true }));
    process.kill(pid, 'SIGKILL');
    const last = `last-${worker}`;
    await runtime.start({ ...spec('fail'), worker: last, env: { REMUDA_WORKER_ID: last, FIXTURE: 'fail' } });
    await exits.take((exit) => exit.worker === last);
    expect(exits.all).toHaveLength(1);
    await runtime.stop(last, 0);
  });

  it('takes no name that leads out of its folder', async () => {
    await expect(runtime.start({ ...spec(), worker: '../elsewhere' })).rejects.toMatchObject({
      code: 'container.start_failed',
    });
  });
});

/** Whether the process runs: what is dead and waits for its parent to look does not. */
function isThere(pid: number | undefined): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function environmentOf(pid: number): Promise<Readonly<Record<string, string>>> {
  const entries = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0').filter((entry) => entry !== '');
  return Object.fromEntries(entries.map((entry) => entry.split(/=(.*)/s).slice(0, 2) as [string, string]));
}

async function killed(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
