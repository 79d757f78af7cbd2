import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ownUser } from '../runner/local-runner.js';
import { layFolders } from './home.js';
import { runPrepareScript } from './prepare-script.js';

const never = new AbortController().signal;
const env = { PATH: process.env['PATH'] ?? '' };
let root: string;
let place: { workspace: string; home: string; runner: typeof ownUser };

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'remuda-prepare-'));
  place = { workspace: join(root, 'workspace'), home: join(root, 'home'), runner: ownUser };
  await layFolders({ ...place, env, importMemory: false });
});

afterEach(() => rm(root, { recursive: true, force: true }));

const run = (script: string, more: { signal?: AbortSignal; egressProxy?: string } = {}) =>
  runPrepareScript({ ...place, base: env, env: { TOKEN: 'of the job' }, script, signal: never, ...more });

test('it runs in the workspace, with the home and the variables of the tools', async () => {
  expect(await run('pwd; echo "$HOME"; echo "$TOKEN"')).toEqual({
    ok: true,
    how: 'ended with exit code 0',
    output: [place.workspace, place.home, 'of the job'].join('\n'),
  });
});

test('it reaches other hosts by the proxy of the tools, and knows nothing of how that is named to Claude Code', async () => {
  const { output } = await run('echo "$HTTPS_PROXY ${REMUDA_EGRESS_PROXY:-}"', { egressProxy: 'http://127.0.0.1:1' });
  expect(output.trim()).toBe('http://127.0.0.1:1');
});

test.each([
  ['a command fails', 'echo before; false; echo after', 'ended with exit code 1', 'before'],
  ['a part of a pipeline fails', 'echo out; false | cat', 'ended with exit code 1', 'out'],
  ['it writes to either output', 'echo out; echo err >&2; exit 7', 'ended with exit code 7', 'out\nerr'],
])('when %s, it has failed, with its last lines', async (_when, script, how, output) => {
  expect(await run(script)).toEqual({ ok: false, how, output });
});

test('it is killed when its attempt ends', async () => {
  const ending = new AbortController();
  const running = run('echo begun; sleep 600', { signal: ending.signal });
  ending.abort();
  expect(await running).toMatchObject({ ok: false, how: 'ended with SIGKILL' });
});

test('what it leaves running is ended, and does not hold it up', async () => {
  const { ok, output } = await run('sleep 600 & echo $!');
  expect(ok).toBe(true);
  await expect.poll(() => isAlive(Number(output))).toBe(false);
});

/** A killed process may wait for whoever reaps it. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) Z /.test(stat);
}
