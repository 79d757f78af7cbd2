import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { workerLayout } from '@remuda/containers';
import { collectWorkspace, copyWorkspace, pasteWorkspace, prepareWorkspace } from '@remuda/engine';
import { workerEnv } from '@remuda/protocol';
import { script } from '@remuda/scripted-model';
import { beforeAll, describe, expect, test } from 'vitest';
import { docker, engineAnswers } from '../../contract/containers/docker-fixture.js';
import { bash, dataOf, stable } from '../engine/stable.js';
import { agentPlace, shell, socketFolder, startAgent, wallsOf, type AgentPlace } from './agent-container.js';

const { workspace, home, claude, sockets, uid, workerUid } = workerLayout;
const buildScript = fileURLToPath(new URL('../../../docker/build.mjs', import.meta.url));

/** The engine in this process, Claude Code at an agent in a container of its own. */
async function engineAt(place: AgentPlace) {
  const { runner } = place;
  const one = await stable({ runner, claude, workspace, home, bridge: { socket: `${sockets}/model.sock` } });
  await place.lead('model.sock', Number(new URL(one.model.url).port));
  return one;
}

describe.skipIf(!engineAnswers)('Claude Code in a container apart from its worker', () => {
  beforeAll(async () => {
    await promisify(execFile)(process.execPath, [buildScript, 'worker'], { maxBuffer: 64 * 1024 * 1024 });
  }, 600_000);

  test('is warm, does a turn with tools as its own user, is interrupted, and starts afresh with nothing left', async () => {
    await using place = await agentPlace();
    await using one = await engineAt(place);
    await one.engine.warm();
    expect(one.engine.readiness({})).toBe('warm');

    const hide = 'setsid -f env -i sleep 300.5 >/dev/null 2>&1; id -u; touch made; env | grep -c REDIS';
    const { end, events } = await one.run(script(bash(hide), { text: 'done' }));
    expect(end).toMatchObject({ kind: 'succeeded', result: { text: 'done' } });
    expect(dataOf(events, 'tool.returned')[0]?.output.split('\n')).toEqual(expect.arrayContaining([String(uid), '0']));
    expect(await shell(place.runner, 'ps -eo args | grep "[s]leep 300.5"')).toMatchObject({ said: '', code: 1 });

    const giveUp = new AbortController();
    const running = one.run(script(bash('touch begun; sleep 300.6'), { text: 'never' }), {}, giveUp.signal);
    await expect.poll(() => place.runner.exists(`${workspace}/begun`), { timeout: 30_000 }).toBe(true);
    giveUp.abort();
    expect((await running).end).toMatchObject({ kind: 'interrupted', ended: { processesLeft: 0 } });

    const hop = `perl -MPOSIX -e 'close STDOUT; close STDERR; $0 = "hopper"; for (1..99999) { exit if fork; setsid(); select undef, undef, undef, 0.002 }' &`;
    await shell(place.runner, hop);
    await one.engine.reset();
    expect((await shell(place.runner, `ps -eo args | grep -c "[h]opper"; ls -A ${workspace}`)).said).toBe('0\n.git');
    expect((await one.run('again')).end).toMatchObject({ kind: 'succeeded', result: { text: 'ok: again' } });
    expect(await one.engine.memoryMb()).toBeGreaterThan(50);
  });

  test('has git and tar there: a repository comes in, its patch and its files come out', async () => {
    await using place = await agentPlace();
    const { runner } = place;
    const env = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: home };
    const commit = 'git -c user.name=t -c user.email=t@t commit -qam first';
    await shell(runner, `git init -q -b main /tmp/o && cd /tmp/o && echo one > a && git add a && ${commit}`);
    const at = { folder: workspace, env, runner };
    await shell(runner, `git init -q ${workspace}`);
    const prepared = await prepareWorkspace(at, { kind: 'git', url: 'unused' }, { remote: 'file:///tmp/o' });
    await shell(runner, `cd ${workspace} && echo two > a && echo new > b`);
    const { git, warnings } = await collectWorkspace(at, prepared?.commit ?? '');
    expect(warnings).toEqual([]);
    expect(git?.patch).toMatch(/-one\n\+two[^]*b\/b[^]*\+new/);

    const chunks: Buffer[] = [];
    const copied = { workspace, home, env, runner };
    for await (const chunk of copyWorkspace(copied)) chunks.push(chunk);
    await shell(runner, `cd ${workspace} && rm -rf a b .git && echo other > c`);
    await pasteWorkspace(
      copied,
      (async function* () {
        for (const chunk of chunks) yield await Promise.resolve(chunk);
      })(),
    );
    expect((await shell(runner, `cd ${workspace} && cat a b; ls; git rev-parse HEAD`)).said).toBe(
      `two\nnew\na\nb\n${prepared?.commit ?? ''}`,
    );
  });

  test('takes its engine with it when it dies, and dies with its worker', async () => {
    await using place = await agentPlace();
    await using one = await engineAt(place);
    await one.engine.warm();
    const running = one.run(script(bash('touch begun; sleep 300.7'), { text: 'never' }));
    await expect.poll(() => place.runner.exists(`${workspace}/begun`), { timeout: 30_000 }).toBe(true);
    await docker('kill', place.container);
    await place.runner.lost;
    expect((await running).end).toMatchObject({ kind: 'failed', failure: { code: 'engine.crashed' } });

    await using other = await agentPlace();
    await docker('kill', '--signal', 'TERM', other.container);
    expect((await shell(other.runner, 'echo still there')).said).toBe('still there');
    other.runner.close();
    expect(await docker('wait', other.container)).toBe('0');
  });

  test('is waited for by the worker of the image, at a socket that only the worker can make', async () => {
    const folder = await socketFolder();
    const silent = createServer(() => undefined);
    const containers: string[] = [];
    try {
      // a Redis that never answers: the worker waits for it
      silent.listen({ path: join(folder, 'silent.sock'), readableAll: true, writableAll: true });
      const agent = await startAgent(folder);
      containers.push(agent);
      const profile = {
        name: 'p',
        afterJobs: 9,
        engine: { model: 'm', permissionMode: 'default', tools: {}, trustRepository: false },
      };
      const env = {
        ...{ [workerEnv.id]: 'w-1', [workerEnv.bridge]: `unix:${sockets}/model.sock` },
        ...{
          [workerEnv.redisUrl]: `redis+unix://${sockets}/silent.sock`,
          [workerEnv.profile]: JSON.stringify(profile),
        },
        [workerEnv.agentSocket]: workerLayout.agentSocket,
      };
      const given = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
      const mount = `type=bind,source=${folder},target=${sockets}`;
      const worker = await docker(
        'run',
        '--detach',
        ...wallsOf(workerUid),
        ...given,
        '--mount',
        mount,
        'remuda-worker:latest',
      );
      containers.push(worker);
      await expect.poll(() => docker('logs', worker), { timeout: 60_000 }).toContain('the agent has connected');
      expect(await docker('exec', agent, 'sh', '-c', `touch ${sockets}/own 2>&1 || ls ${sockets}`)).toMatch(
        /Read-only/,
      );
      expect(await docker('exec', agent, 'sh', '-c', 'cat /proc/[0-9]*/environ | grep -ac REMUDA || true')).toBe('0');
      await docker('kill', worker);
      expect(await docker('wait', agent)).toBe('0');
    } finally {
      for (const one of containers) await docker('rm', '--force', one);
      silent.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
