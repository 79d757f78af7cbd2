import { RemudaClient } from '@remuda/client';
import type { Command } from 'commander';
import { readSettings, type Settings } from './settings/settings.js';
import type { Surroundings } from './surroundings.js';
import { paintFor, type Paint } from './view/paint.js';

/** What a command works with. */
export interface Session {
  readonly client: RemudaClient;
  readonly settings: Settings;
  readonly cwd: string;
  readonly leaving: AbortSignal;
  /** Whether a program reads: then only JSON goes to stdout. */
  readonly json: boolean;
  /** Of stdout. */
  readonly paint: Paint;
  /** Columns of the terminal, where there is one. */
  readonly columns: number | undefined;
  /** A line to stdout. */
  readonly print: (text: string) => void;
  /** A line to stderr: what goes on. */
  readonly say: (text: string) => void;
}

/** Options that every command has. */
interface CommonOptions {
  readonly url?: string;
  readonly token?: string;
  readonly profile?: string;
  readonly json?: boolean;
}

/** Makes it from a command's options and its surroundings. */
export async function openSession(command: Command, around: Surroundings): Promise<Session> {
  const options: CommonOptions = command.optsWithGlobals();
  const settings = await readSettings(around.env, options);
  const { stdout, stderr, env, cwd, leaving } = around;
  return {
    client: new RemudaClient(settings),
    settings,
    cwd,
    leaving,
    json: options.json === true,
    paint: paintFor(stdout, env),
    columns: stdout.isTTY === true ? stdout.columns : undefined,
    print: (text) => void stdout.write(`${text}\n`),
    say: (text) => void stderr.write(`${text}\n`),
  };
}
