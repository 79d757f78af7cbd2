import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { workerLayout } from '@remuda/containers';
import { beforeAll, describe, expect, it } from 'vitest';
import { docker, engineAnswers } from '../../contract/containers/docker-fixture.js';

const file = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const run = promisify(execFile);
const image = 'remuda-worker:latest';

const build = async (): Promise<string> =>
  (await run(process.execPath, [file('docker/build.mjs'), 'worker'], { maxBuffer: 64 * 1024 * 1024 })).stdout;

/** Runs a shell line in a container of the image as the user of Claude Code, with no rights, no network, nothing to write to. */
const inside = (line: string): Promise<string> => {
  const walls = ['--network', 'none', '--read-only', '--cap-drop', 'ALL', '--user', `${uid}:${gid}`];
  return docker('run', '--rm', ...walls, '--entrypoint', 'bash', image, '-c', line);
};
const { uid, gid, home, workspace, claude } = workerLayout;

describe.skipIf(!engineAnswers)('The worker image', () => {
  beforeAll(build, 600_000);

  it('is not built again when nothing that goes into it has changed', async () => {
    expect(await build()).toMatch(/^worker: remuda-worker:\S+ is there already$/m);
  });

  it('has Claude Code of exactly the version of the repository', async () => {
    const { optionalDependencies } = JSON.parse(await readFile(file('package.json'), 'utf8')) as {
      optionalDependencies: Record<string, string>;
    };
    const version = optionalDependencies['@anthropic-ai/claude-code-linux-x64'] ?? '';
    expect(await inside(`${claude} --version`)).toBe(`${version} (Claude Code)`);
  });

  it('has the user, the folders and the programs that containers are made for', async () => {
    expect(await inside('id -un && id -gn && echo ~')).toBe(`claude\nclaude\n${home}`);
    expect(await inside(`stat -c '%n %u:%g %a' ${home} ${workspace}`)).toBe(
      `${home} ${uid}:${gid} 2770\n${workspace} ${uid}:${gid} 2770`,
    );
    const [{ Config }] = JSON.parse(await docker('image', 'inspect', image)) as [{ Config: Record<string, unknown> }];
    expect(Config).toMatchObject({
      Entrypoint: ['tini', '--', 'node', '/opt/remuda/worker.mjs'],
      WorkingDir: workspace,
    });
    await inside(
      'git --version && rg --version && curl --version && ps --version && node --check /opt/remuda/git-connect.mjs && node --check /opt/remuda/agent.mjs',
    );
  });

  it('lets the user of Claude Code change nothing of the programs', async () => {
    expect(await inside(`find / -xdev -writable -type f -not -path '/proc/*' 2>/dev/null | head -n 5`)).toBe('');
    expect(
      await inside(
        `stat -c '%u:%g' ${claude} /opt/remuda/worker.mjs /opt/remuda/git-connect.mjs /opt/remuda/agent.mjs`,
      ),
    ).toBe('0:0\n0:0\n0:0\n0:0');
  });
});
