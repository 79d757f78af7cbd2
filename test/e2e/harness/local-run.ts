import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { hasEngine } from './cluster.js';

/** How long a run may take to get from one thing to the next, which is long on a busy machine. */
export const inTime = { timeout: 180_000, interval: 100 };

const main = join(import.meta.dirname, '../../../apps/local/dist/main.js');

/**
 * `npm run demo` or `npm start` as a process. It has a folder for temporary files of its own, by which everything that
 * it starts is found again: the folder stands in the environment of each process, workers and their tools included,
 * and in the mounts of each container.
 */
export class LocalRun {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #printed = '';

  private constructor(
    readonly tmp: string,
    words: readonly string[],
    env: Readonly<Record<string, string>>,
  ) {
    this.#child = spawn(process.execPath, [main, ...words], { env: { ...process.env, ...env, TMPDIR: tmp } });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.#printed += chunk.toString()));
    this.#ended = once(this.#child, 'close').then(([code]) => code as number | null);
  }

  static async start(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<LocalRun> {
    return new LocalRun(await mkdtemp(join(tmpdir(), 'run-')), words, env);
  }

  /** `npm start` that has come up and waits for its end. */
  static async up(): Promise<LocalRun> {
    const run = await LocalRun.start(['start']);
    try {
      return await vi.waitUntil(() => run.printed.includes('Ctrl-C') && run, inTime);
    } catch (error) {
      await run[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** All that it printed so far, on both outputs. */
  get printed(): string {
    return this.#printed;
  }

  /** Its exit code; null when a signal ended it. */
  ended(): Promise<number | null> {
    return this.#ended;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Kills it if it still runs, and removes its folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
    await rm(this.tmp, { recursive: true, force: true });
  }

  /** The commands of all its processes that run. Linux only. */
  async running(): Promise<readonly string[]> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const found = await Promise.all(pids.map((pid) => this.#commandOf(pid)));
    return found.filter((command) => command !== undefined);
  }

  /** The containers that hold something of its folder, running or not. Wants an engine. */
  containers(): readonly string[] {
    const ids = lines(execFileSync('docker', ['ps', '-a', '-q', '--no-trunc']));
    return ids.filter((id) => mountsOf(id).includes(this.tmp));
  }

  async #commandOf(pid: string): Promise<string | undefined> {
    const read = (file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
    return (await read('environ')).includes(this.tmp) ? (await read('cmdline')).replaceAll('\0', ' ') : undefined;
  }
}

/** Fails where a run that is over left a process, a container or a file of its own. */
export async function leftNothing(run: LocalRun): Promise<void> {
  expect(await run.running()).toEqual([]);
  if (hasEngine) expect(run.containers()).toEqual([]);
  expect(await readdir(run.tmp)).toEqual([]);
}

/** What a container has mounted; nothing when it has gone meanwhile. */
function mountsOf(id: string): string {
  try {
    return execFileSync('docker', ['inspect', '-f', '{{json .Mounts}}{{json .HostConfig.Binds}}', id], {
      stdio: ['ignore', 'pipe', 'ignore'],
    }).toString();
  } catch {
    return '';
  }
}

function lines(output: Buffer): readonly string[] {
  return output.toString().split('\n').filter(Boolean);
}
