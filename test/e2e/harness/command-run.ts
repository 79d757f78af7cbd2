import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const remuda = join(import.meta.dirname, '../../../apps/cli/bin/remuda.mjs');

/** Where the command runs. */
export interface CommandPlace {
  /** Its user's home. */
  readonly home: string;
  /** Default: the home. */
  readonly cwd?: string;
  /** Of the api. */
  readonly url: string;
  /** Default: nothing. */
  readonly stdin?: string;
}

/** The command `remuda` as a process, with what it printed so far. */
export class CommandRun {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  out = '';
  err = '';

  constructor(args: readonly string[], { home, cwd = home, url, stdin = '' }: CommandPlace) {
    const env = { PATH: process.env['PATH'], HOME: home, REMUDA_URL: url };
    this.#child = spawn(process.execPath, [remuda, ...args], { cwd, env });
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.out += chunk.toString()));
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.err += chunk.toString()));
    this.#child.stdin?.end(stdin);
    this.#ended = once(this.#child, 'close').then(([code]) => code as number | null);
  }

  /** Its exit code. */
  get code(): Promise<number | null> {
    return this.#ended;
  }

  interrupt(): void {
    this.#child.kill('SIGINT');
  }
}

/** The run, once it has ended. */
export async function ended(run: CommandRun): Promise<CommandRun & { readonly exit: number | null }> {
  return Object.assign(run, { exit: await run.code });
}
