import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { DockerRuntime } from '@remuda/containers';
import type { ContainerExit } from '@remuda/domain';
import { containerSpec } from '@remuda/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  docker,
  dockerPlace,
  engineAnswers,
  fixtureImage,
  type DockerPlace,
} from '../../contract/containers/docker-fixture.js';
import { Inbox } from '../../contract/containers/inbox.js';
import { CuttableSocket } from './cuttable-socket.js';

const worker = `w-${randomUUID().slice(0, 8)}`;
const name = `remuda-${worker}`;
const mebibyte = 1024 * 1024;

describe.skipIf(!engineAnswers)('The Docker runtime', () => {
  let place: DockerPlace;
  let runtime: DockerRuntime;

  beforeAll(async () => {
    place = await dockerPlace();
  });

  afterAll(async () => {
    await place.close();
  });

  beforeEach(() => {
    runtime = place.open();
  });

  afterEach(async () => {
    await runtime.stop(worker, 0);
    await runtime.close();
  });

  const spec = (behaviour = 'obey') =>
    containerSpec({
      worker,
      image: fixtureImage,
      resources: { cpus: 0.5, memoryMb: 128, pids: 64, diskMb: 16 },
      env: { REMUDA_WORKER_ID: worker, FIXTURE: behaviour },
    });

  const start = async (behaviour?: string) => {
    await runtime.start(spec(behaviour));
    await place.greetings.from(worker);
  };

  const watch = async (of = runtime) => {
    const exits = new Inbox<ContainerExit>();
    await of.watch((exit) => {
      exits.put(exit);
    });
    return exits;
  };

  /** Runs a shell line in the container, as the worker's or as the engine's user. */
  const inside = (line: string, user = '0') => docker('exec', '-u', user, name, 'sh', '-c', line);
  const engineUser = '1000:1000';

  it('gives the worker three capabilities and no way to more', async () => {
    await start();
    const status = await inside('cat /proc/1/status');
    // KILL, SETGID, SETUID are the bits 5, 6 and 7
    expect(status).toMatch(/CapBnd:\s*00000000000000e0/);
    expect(status).toMatch(/CapEff:\s*00000000000000e0/);
    expect(status).toMatch(/NoNewPrivs:\s*1/);
    expect(status).toMatch(/Groups:.*\b1000\b/);
    await expect(inside('chown 1000 /tmp')).rejects.toThrow('Operation not permitted');
  });

  it('lets nothing be written but the workspace, the home and /tmp', async () => {
    await start();
    for (const user of ['0', engineUser]) {
      for (const folder of ['/etc', '/opt/remuda', '/usr/local/bin', '/run', '/run/remuda'])
        await expect(inside(`touch ${folder}/x`, user)).rejects.toThrow(/Read-only file system|Permission denied/);
      for (const folder of ['/workspace', '/home/claude', '/tmp'])
        await inside(
          `echo 'exit 0' > ${folder}/${user[0]}.sh && chmod 755 ${folder}/${user[0]}.sh && ${folder}/${user[0]}.sh`,
          user,
        );
    }
  });

  it('keeps the workspace and the home in the group that the worker and the engine share', async () => {
    await start();
    for (const folder of ['/workspace', '/home/claude']) {
      expect(await inside(`stat -c '%u:%g %a' ${folder}`)).toBe('1000:1000 2770');
      await inside(`mkdir ${folder}/made && echo from root > ${folder}/made/file`);
      expect(await inside(`stat -c %g ${folder}/made/file`)).toBe('1000');
      expect(await inside(`cat ${folder}/made/file`, engineUser)).toBe('from root');
      await inside(`echo from claude > ${folder}/own`, engineUser);
      expect(await inside(`cat ${folder}/own`)).toBe('from claude');
    }
  });

  it('has no network but loopback', async () => {
    await start();
    expect(await inside('ls /sys/class/net')).toBe('lo');
  });

  it("brings nothing of the host's in but the folder of sockets, read-only", async () => {
    await start();
    const [seen] = JSON.parse(await docker('inspect', name)) as [
      { Mounts: { Source: string; Destination: string; RW: boolean }[]; HostConfig: Record<string, unknown> },
    ];
    expect(seen.Mounts).toMatchObject([{ Source: place.socketDir, Destination: '/run/remuda', RW: false }]);
    expect(seen.HostConfig).toMatchObject({ Binds: null, PortBindings: {}, Privileged: false, Devices: null });
    await expect(inside('ls /var/run/docker.sock')).rejects.toThrow();
  });

  it('limits memory, swap, processes, CPU, disk and log', async () => {
    await start();
    const [{ HostConfig }] = JSON.parse(await docker('inspect', name)) as [{ HostConfig: unknown }];
    expect(HostConfig).toMatchObject({
      Memory: 128 * mebibyte,
      MemorySwap: 128 * mebibyte,
      CpuPeriod: 100_000,
      CpuQuota: 50_000,
      PidsLimit: 64,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '5m' } },
      RestartPolicy: { Name: 'no' },
    });
    await expect(inside('head -c 20m /dev/zero > /workspace/big', engineUser)).rejects.toThrow('No space left');
  });

  it('starts where the machine has fewer CPUs than a container may use', async () => {
    const { resources } = spec();
    await runtime.start({ ...spec(), resources: { ...resources, cpus: 4_096 } });
    await place.greetings.from(worker);
  });

  it('takes the whole container down with its worker', async () => {
    const exits = await watch();
    await start('litter');
    await docker('kill', name);
    await exits.take(() => true);
    await expect(docker('top', name)).rejects.toThrow('is not running');
  });

  it('says of one that ran out of memory that it did', async () => {
    const exits = await watch();
    await runtime.start(spec('hog'));
    expect(await exits.take(() => true)).toMatchObject({ worker, outOfMemory: true });
  });

  it('tells of one that someone removed by hand', async () => {
    const exits = await watch();
    await start();
    await docker('rm', '-f', name);
    expect(await exits.take(() => true)).toMatchObject({ worker, reason: 'killed by SIGKILL', outOfMemory: false });
    expect(await runtime.list()).toEqual([]);
  });

  it('tells of what ended while the engine did not answer, when it answers again', async () => {
    const socket = await CuttableSocket.open(join(place.socketDir, 'engine.sock'), '/var/run/docker.sock');
    const through = place.open({ docker: { socketPath: socket.path } });
    const exits = await watch(through);
    await start();
    socket.cut();
    await docker('kill', name);
    const brief = `brief-${worker}`;
    await runtime.start({ ...spec(), worker: brief, env: { REMUDA_WORKER_ID: brief, FIXTURE: 'fail' } });
    await docker('wait', `remuda-${brief}`);
    socket.mend();
    expect(await exits.take((exit) => exit.worker === worker)).toMatchObject({ reason: 'killed by SIGKILL' });
    expect(await exits.take((exit) => exit.worker === brief)).toMatchObject({ reason: 'ended with exit code 7' });
    await runtime.stop(brief, 0);
    await runtime.stop(worker, 0);
    await start();
    await docker('kill', name);
    expect(await exits.take(() => true)).toMatchObject({ worker, reason: 'killed by SIGKILL' });
    expect(exits.all).toHaveLength(3);
    await through.close();
    await socket.close();
  });

  it('says where it looked when no engine answers', async () => {
    const nowhere = place.open({ docker: { socketPath: '/nowhere/docker.sock' } });
    await expect(nowhere.prepare([])).rejects.toMatchObject({
      code: 'container.start_failed',
      message: expect.stringContaining('unix:///nowhere/docker.sock') as unknown,
    });
    await expect(nowhere.watch(() => undefined)).rejects.toThrow();
  });

  it.each([
    [
      'an image',
      { image: 'remuda-worker-that-nobody-built:0' },
      /remuda-worker-that-nobody-built.*node docker\/build\.mjs/,
    ],
    ['a network', { network: 'no-such-network' }, /no-such-network/],
  ])('leaves nothing behind when it is to start with %s that is not there', async (_, own, message) => {
    await expect(runtime.start({ ...spec(), ...own })).rejects.toMatchObject({
      code: 'container.start_failed',
      message: expect.stringMatching(message) as unknown,
    });
    expect(await runtime.list()).toEqual([]);
  });

  it('refuses to start when the folder of sockets is not there, rather than to make one', async () => {
    const lost = place.open({ socketDirOf: () => '/nowhere/sockets' });
    await expect(lost.start(spec())).rejects.toMatchObject({
      code: 'container.start_failed',
      message: expect.stringContaining('/nowhere/sockets') as unknown,
    });
    expect(await lost.list()).toEqual([]);
  });

  it("refuses a name that another cluster's container has", async () => {
    await start();
    const other = place.open({ cluster: `${place.cluster}-other` });
    await expect(other.start(spec())).rejects.toMatchObject({ code: 'container.start_failed' });
    expect(await runtime.list()).toMatchObject([{ worker, running: true }]);
  });
});
