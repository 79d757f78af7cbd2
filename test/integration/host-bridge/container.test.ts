import { execFile, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { spawn as spawnOnTerminal } from '@lydell/node-pty';
import { beforeAll, describe, expect, test } from 'vitest';
import { hasEngine } from '../../e2e/harness/cluster.js';
import { spawnHostBridge } from './bridge-process.js';
import { buildClientImage, compileStatic, inContainer, runInContainer } from './client-image.js';
import { hasBwrap, realKey, runHostBridge } from './running-host-bridge.js';

const noBridge = `Claude Code Bridge Error: Unable to connect to host
Please ensure:
1. Claude Code bridge service is running on host
2. Socket is mounted at /host/claude-bridge.sock
3. Host has Claude Code installed and authenticated

Alternative: Use Task Master with API-based models instead
`;

/** In place of Claude Code, which reads text: says what it hears, and ends with 3. */
const echoProgram = `#include <unistd.h>
int main(void) {
  char b[65536];
  for (ssize_t n; (n = read(0, b, sizeof b)) > 0;)
    for (ssize_t w = 0; w < n;) w += write(1, b + w, n - w);
  return 3;
}
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
    expect(await runInContainer(place, ['claude', '-p', odd])).toMatchObject({
      code: 0,
      stdout: `ok: ${odd}\n`,
      stderr: '',
    });
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
    expect(await runInContainer(place, ['claude', '-p', 'say hi'])).toMatchObject({
      code: 69,
      stdout: '',
      stderr: noBridge,
    });
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

  test('is told when the bridge is killed, and Claude Code goes with it', async () => {
    await using bridge = await spawnHostBridge();
    bridge.model.queue({ hangMs: 600_000, text: 'never' });
    const place = inContainer(bridge.door, bridge.workspace);
    const ended = runInContainer(place, ['claude', '-p', 'work']);
    await bridge.model.seen(({ main }) => main);
    expect(programsOf(bridge.dir)).not.toEqual([]);
    await bridge.kill('SIGKILL');
    expect(await ended).toMatchObject({
      code: 69,
      stderr: 'Claude Code Bridge Error: The connection to the host was lost\n',
    });
    await expect.poll(() => programsOf(bridge.dir), { timeout: 10_000 }).toEqual([]);
    // its socket is still there, and nobody behind it
    expect(await runInContainer(place, ['claude', '-p', 'x'])).toMatchObject({
      code: 69,
      stdout: '',
      stderr: noBridge,
    });
  });

  test('gives Claude Code its standard input byte for byte, and gets its output so', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'host-bridge-echo-'));
    const echo = join(dir, 'echo');
    writeFileSync(`${echo}.c`, echoProgram);
    compileStatic(dir, 'echo');
    await using run = await runHostBridge({ env: { REMUDA_HOST_CLAUDE: echo } });
    const place = inContainer(run.door, run.workspace);
    const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    for (const input of [everyByte, Buffer.alloc(0), randomBytes(1_500_001)]) {
      const { code, bytes } = await runInContainer(place, ['claude', '-p', 'x'], input);
      expect(code).toBe(3);
      expect(bytes.equals(input)).toBe(true);
    }
    rmSync(dir, { recursive: true });
  });

  test('comes up by its compose file', async () => {
    await using run = await runHostBridge();
    const env = { ...process.env, CLAUDE_BRIDGE_FOLDER: run.door, PROJECT: run.workspace };
    const file = join(import.meta.dirname, '../../../docker/compose.host-bridge.yaml');
    const compose = (...args: readonly string[]) =>
      promisify(execFile)('docker-compose', ['-p', `hb${String(process.pid)}`, '-f', file, ...args], { env });
    try {
      // Where its image is not there yet, `run` would build it, and tell of it before what the command says.
      await compose('build', '--quiet');
      const { stdout } = await compose('run', '--rm', '-T', 'agent', 'claude', '-p', 'say hi');
      expect(stdout).toBe('ok: say hi\n');
    } finally {
      await compose('down', '-v');
    }
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
