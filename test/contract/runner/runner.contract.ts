import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  clearWorkspace,
  copyWorkspace,
  pasteWorkspace,
  type Exit,
  type Runner,
  type RunningProgram,
} from '@remuda/engine';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

/** A runner as the suite needs it, on this machine's files. */
export interface RunnerHarness extends AsyncDisposable {
  readonly runner: Runner;
}

const scope = 'a-mark-of-this-suite';
const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', REMUDA_SCOPE: scope };
const mebibyte = 1024 * 1024;

/** What every keeper of the Runner port promises. */
export function runnerContract(name: string, make: () => Promise<RunnerHarness>): void {
  describe(`${name}, as a runner`, () => {
    let harness: RunnerHarness;
    let runner: Runner;
    let folder: string;
    const started: RunningProgram[] = [];

    beforeAll(async () => {
      harness = await make();
      runner = harness.runner;
    });
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'remuda-runner-'));
      await chmod(folder, 0o777);
    });
    afterEach(async () => {
      for (const one of started.splice(0)) one.signal('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    });
    afterAll(async () => {
      await harness[Symbol.asyncDispose]();
    });

    const start = (command: string, args: readonly string[] = [], more: object = {}): RunningProgram => {
      const program = runner.start({ command, args, cwd: folder, env, ...more });
      started.push(program);
      return program;
    };
    const sh = (script: string, more?: object): RunningProgram => start('/bin/sh', ['-c', script], more);
    const said = async (program: RunningProgram) => {
      program.stdin.end();
      const [stdout, stderr, exit] = await Promise.all([text(program.stdout), text(program.stderr), program.closed]);
      return { stdout, stderr, exit };
    };
    const firstWords = async (program: RunningProgram): Promise<string> =>
      String((await once(program.stdout, 'data')).at(0)).trim();

    test('gives what a program prints on each output, and its exit code', async () => {
      expect(await said(sh('echo out; echo err >&2; exit 7'))).toEqual({
        ...{ stdout: 'out\n', stderr: 'err\n', exit: { code: 7 } },
      });
    });

    test('starts it in its folder, and knows its pid once it has said something', async () => {
      const program = sh('echo $$; pwd -P; read line');
      const [pid, at] = (await firstWords(program)).split('\n');
      expect(at ?? String((await once(program.stdout, 'data')).at(0)).trim()).toBe(await runner.realPath(folder));
      expect(program.pid).toBe(Number(pid));
    });

    test('gives it the environment that it is given, and nothing of ours', async () => {
      process.env['REMUDA_OURS'] = 'a secret of the worker';
      const { stdout } = await said(start('env', [], { env: { PATH: env.PATH, ONE: 'two\nlines', EMPTY: '' } }));
      delete process.env['REMUDA_OURS'];
      const names = stdout.split('\n').flatMap((line) => /^([A-Z_]+)=/.exec(line)?.[1] ?? []);
      expect(stdout).toContain('ONE=two\nlines\n');
      // a shell in between may say where it is
      const own = names.filter((one) => !['PWD', '_', 'SHLVL', 'OLDPWD'].includes(one));
      expect(own.toSorted()).toEqual(['EMPTY', 'ONE', 'PATH']);
    });

    test('carries many bytes through a program unchanged, both ways at once', async () => {
      const bytes = Buffer.alloc(24 * mebibyte, 'any bytes at all \u0000 \n');
      const program = start('cat');
      const hash = createHash('sha256');
      program.stdout.on('data', (chunk: Buffer) => hash.update(chunk));
      program.stdin.end(bytes);
      expect(await program.closed).toEqual({ code: 0 });
      expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
    });

    test('makes a program wait whose output nobody reads, and not the others', async () => {
      const program = sh('head -c 67108864 /dev/zero; echo all >&2');
      const all = once(program.stderr, 'data').then(() => 'all');
      for (let other = 0; other < 10; other++) expect((await said(sh('echo other'))).stdout).toBe('other\n');
      expect(await Promise.race([all, Promise.resolve('waits')])).toBe('waits');
      program.stdout.resume();
      expect(await all).toBe('all');
    });

    test('tells the end of a program that does not read what it is given', async () => {
      const program = sh('exit 3');
      program.stdin.end(Buffer.alloc(8 * mebibyte));
      program.stdout.resume();
      expect(await program.closed).toEqual({ code: 3 });
    });

    test('closes the output of whoever stops reading', async () => {
      const program = sh('trap "" TERM; while echo on; do :; done; exit 5');
      await firstWords(program);
      program.stdout.destroy();
      const exit = await program.exited;
      expect([5, undefined]).toContain(exit.code);
    });

    test('tells an end at once, and only later that its output has ended', async () => {
      const program = sh('sleep 1000 & echo left; exit 0');
      const order: string[] = [];
      const closed = program.closed.then((exit) => void order.push(`closed ${String(exit.code)}`));
      await firstWords(program);
      program.stdout.resume();
      await program.exited;
      order.push('exited');
      program.signal('SIGKILL');
      await closed;
      expect(order).toEqual(['exited', 'closed 0']);
    });

    test.each(['SIGTERM', 'SIGKILL'] as const)('ends a whole group by %s', async (name) => {
      const program = sh('(sleep 1000; echo never) & (sleep 1000; echo never) & echo on; wait');
      await firstWords(program);
      program.signal(name);
      program.stdout.resume();
      expect(await program.closed).toEqual({ signal: name });
      program.signal(name);
    });

    test('ends one that is told to end before it was started', async () => {
      const program = sh('sleep 1000');
      program.signal('SIGKILL');
      expect(await program.closed).toEqual({ signal: 'SIGKILL' });
    });

    test.each([
      ['a program that does not exist', () => start('/nonexistent/program')],
      ['a name that is not in PATH', () => start('no-such-program-anywhere')],
      ['a folder that does not exist', () => start('true', [], { cwd: join(folder, 'none') })],
      ['arguments that no program may have', () => start('echo', ['\u0000'])],
    ])('says of %s that it could not be run', async (_, begin) => {
      const program = begin();
      program.stdin.end('for nobody');
      program.stdout.resume();
      const exit: Exit = await program.closed;
      expect(exit.code).not.toBe(0);
      expect(exit.code ?? exit.fault).toBeTruthy();
      program.signal('SIGKILL');
    });

    test('sees processes by their mark, with their parents, and signals those it is told', async () => {
      const program = sh('sleep 1000 & echo $!; wait');
      const child = Number(await firstWords(program));
      const seen = (await runner.processes(scope)).filter(({ marked }) => marked);
      expect(seen).toContainEqual(expect.objectContaining({ pid: child, parent: program.pid }));
      if (!runner.alone) expect(await markedBy('another-mark')).toEqual([]);
      await runner.signal([child, 2 ** 22 - 2], 'SIGTERM');
      program.stdout.resume();
      expect(await program.closed).toEqual({ code: 0 });
    });

    const markedBy = async (mark: string) => (await runner.processes(mark)).filter(({ marked }) => marked);

    test('kills the whole user where that is the engine’s alone, and refuses to where it is not', async () => {
      if (!runner.alone) return expect(runner.killUser(5_000)).rejects.toMatchObject({ code: 'internal' });
      const hop = '$| = 1; print "on\\n"; for (1..99999) { exit if fork; setsid(); select undef, undef, undef, 0.001 }';
      const program = start('perl', ['-MPOSIX', '-e', hop]);
      await firstWords(program);
      await runner.killUser(5_000);
      program.stdout.resume();
      await program.closed;
      expect((await said(sh('echo goes on'))).stdout).toBe('goes on\n');
    });

    test('knows which files are there, and where a path leads', async () => {
      await writeFile(join(folder, 'file'), '');
      expect(await runner.exists(join(folder, 'file'))).toBe(true);
      expect(await runner.exists(join(folder, 'none'))).toBe(false);
      await said(sh('mkdir inner; ln -s inner link'));
      expect(await runner.realPath(join(folder, 'link'))).toBe(join(await runner.realPath(folder), 'inner'));
      expect(await runner.realPath(join(folder, 'none'))).toBe(join(folder, 'none'));
    });

    test.skipIf(process.platform !== 'linux')('tells memory, and how often it ran out', async () => {
      const program = sh('echo on; read line');
      await firstWords(program);
      expect(await runner.memoryMb([program.pid ?? 0])).toBeGreaterThan(0);
      expect(await runner.memoryMb([2 ** 22 - 2])).toBeUndefined();
      expect([true, false]).toContain(((await runner.oomKills()) ?? 0) >= 0);
    });

    const workspace = async (script: string) => {
      const work = join(folder, 'work');
      await said(sh(`mkdir -p work; cd work; ${script}`));
      return { workspace: work, home: folder, env: { PATH: env.PATH }, runner };
    };

    test('lets git and tar work: a workspace is cleared, copied and brought back', async () => {
      const place = await workspace('echo stale > stale');
      await clearWorkspace({ ...place, folder: place.workspace });
      await workspace('head -c 3000000 /dev/urandom > large; mkdir deep; echo text > deep/file');
      const large = await readFile(join(place.workspace, 'large'));
      const chunks: Buffer[] = [];
      for await (const chunk of copyWorkspace(place)) chunks.push(chunk);
      await workspace('rm -rf large deep .git; echo other > other');
      await pasteWorkspace(place, one(chunks));
      expect((await readFile(join(place.workspace, 'large'))).equals(large)).toBe(true);
      const { stdout } = await said(sh('cd work; cat deep/file; git status --short; ls'));
      expect(stdout).toBe('text\n?? deep/\n?? large\ndeep\nlarge\n');
    });

    test('gives up a copy that is aborted', async () => {
      const place = await workspace('head -c 8000000 /dev/urandom > large');
      const giveUp = new AbortController();
      const copying = (async () => {
        for await (const chunk of copyWorkspace(place, giveUp.signal)) if (chunk.length > 0) giveUp.abort();
      })();
      await expect(copying).rejects.toThrow(/SIGKILL/);
    });
  });
}

async function* one(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}
