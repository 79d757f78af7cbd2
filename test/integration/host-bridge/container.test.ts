import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { spawn as spawnOnTerminal } from '@lydell/node-pty';
import { beforeAll, describe, expect, test } from 'vitest';
import { hasEngine } from '../../e2e/harness/cluster.js';
import { buildClientImage, inContainer, runInContainer } from './client-image.js';
import { hasBwrap, realKey, runHostBridge } from './running-host-bridge.js';

const noBridge = `Claude Code Bridge Error: Unable to connect to host
Please ensure:
1. Claude Code bridge service is running on host
2. Socket is mounted at /host/claude-bridge.sock
3. Host has Claude Code installed and authenticated

Alternative: Use Task Master with API-based models instead
`;

describe.skipIf(!hasEngine || !hasBwrap)('a container without Node and Claude Code', () => {
  beforeAll(buildClientImage, 300_000);

  test('has neither', async () => {
    await using run = await runHostBridge();
    const place = inContainer(run.door, run.workspace);
    const { stdout } = await runInContainer(place, ['sh', '-c', 'command -v node npm; ls -l $(command -v claude)']);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(Number(stdout.split(/\s+/)[4])).toBeLessThan(2_000_000);
  });

  test('runs claude -p of its host, with arguments and input of any content, and the real exit code', async () => {
    await using run = await runHostBridge();
    const place = inContainer(run.door, run.workspace);
    const odd = 'say "it\'s" $(id) `id` ; | & \\ %s\n\tümlaut 🐴';
    expect(await runInContainer(place, ['claude', '-p', odd])).toEqual({ code: 0, stdout: `ok: ${odd}\n`, stderr: '' });
    const input = 'x'.repeat(600_000);
    const piped = await runInContainer(place, ['claude', '-p', 'count'], input);
    expect(piped.code).toBe(0);
    expect(JSON.stringify(run.model.lastMain)).toContain(input);
    const failed = await runInContainer(place, ['claude', '-p', '--output-format', 'no-such', 'x']);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('--output-format');
    const all = run.audit();
    expect(all).toContain('"code":1');
    expect(all).not.toContain('ümlaut');
    expect(all).not.toContain(realKey);
  });

  test('has a session on a terminal, whose size follows', async () => {
    await using run = await runHostBridge();
    const args = [...inContainer(run.door, run.workspace, ['-it']), 'claude'];
    const pty = spawnOnTerminal('docker', args, { rows: 30, cols: 100, env: { ...process.env, TERM: 'xterm' } });
    let screen = '';
    pty.onData((text) => {
      screen += text;
    });
    const exited = new Promise((resolve) => {
      pty.onExit(({ exitCode }) => {
        resolve(exitCode);
      });
    });
    const shown = (text: string | RegExp) => expect.poll(() => screen, { timeout: 60_000 }).toMatch(text);
    await shown('❯');
    screen = '';
    pty.resize(70, 24);
    await shown(/(?<!─)─{70}(?!─)/);
    pty.write('hello there');
    await shown('hello');
    pty.write('\r');
    await shown(/ok:.*hello.*there/s);
    screen = '';
    pty.write('/exit');
    await shown('exit');
    pty.write('\r');
    expect(await exited).toBe(0);
  });

  test('is told that there is no bridge, in the words of its design, and exits with 69', async () => {
    await using run = await runHostBridge();
    await run.stop();
    const place = inContainer(run.door, run.workspace);
    expect(await runInContainer(place, ['claude', '-p', 'say hi'])).toEqual({ code: 69, stdout: '', stderr: noBridge });
  });

  test('is told when the bridge ends in mid-answer, and nothing is left running on the host', async () => {
    await using run = await runHostBridge();
    run.model.queue({ hangMs: 600_000, text: 'never' });
    const place = inContainer(run.door, run.workspace);
    const ended = runInContainer(place, ['claude', '-p', 'work']);
    await run.model.seen(({ main }) => main);
    await run.stop();
    expect(await ended).toMatchObject({
      code: 69,
      stderr: 'Claude Code Bridge Error: The connection to the host was lost\n',
    });
    expect(programsOf(run.dir)).toEqual([]);
  });

  test('passes SIGINT on, and a client that vanishes ends its run', async () => {
    await using run = await runHostBridge();
    const place = inContainer(run.door, run.workspace, ['-i', '--name', `hb-${String(process.pid)}`]);
    run.model.queue({ hangMs: 600_000, text: 'never', times: 2 });
    const first = spawn(
      'docker',
      [
        ...place,
        'sh',
        '-c',
        'claude -p work & pid=$!; sleep 6; kill -INT $pid; wait $pid; echo "code $?"; claude -p again',
      ],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let said = '';
    first.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await expect.poll(() => said, { timeout: 60_000 }).toMatch(/code (0|130)\n/);
    await expect.poll(() => run.bridge.state().running, { timeout: 30_000 }).toBe(1);
    spawnSync('docker', ['kill', `hb-${String(process.pid)}`], { stdio: 'ignore' });
    await once(first, 'close');
    await expect.poll(() => run.bridge.state().running, { timeout: 30_000 }).toBe(0);
    expect(run.audit()).toContain('"cut":"left"');
    expect(programsOf(run.dir)).toEqual([]);
  });
});

/** Processes of this machine that have a folder among their arguments. */
function programsOf(dir: string): string[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid='], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .map((pid) => pid.trim())
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${dir}/state`);
      } catch {
        return false;
      }
    });
}
