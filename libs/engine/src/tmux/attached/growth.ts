import { join } from 'node:path';
import { runProgram } from '../../runner/run-program.js';
import type { Runner } from '../../runner/runner.port.js';
import { readEntry } from '../said/transcript.js';
import type { CliMessage } from '../../stream/cli-message.js';

/** A folder of transcripts, and as whom to read it. */
export interface TranscriptsPlace {
  readonly folder: string;
  readonly runner: Runner;
  readonly env: Readonly<Record<string, string>>;
}

/** The sizes of the transcripts at one moment, in bytes, by name. */
export type Sizes = ReadonlyMap<string, number>;

/** A place in a transcript. */
export interface FoundPlace {
  readonly path: string;
  /** Bytes before it. */
  readonly from: number;
}

const list = 'cd "$1" 2>/dev/null || exit 0; for f in *.jsonl; do [ -e "$f" ] && wc -c "$f"; done; exit 0';

/** The transcripts that are there, and how long they are. */
export async function sizesOf(place: TranscriptsPlace): Promise<Sizes> {
  const lines = (await run(place, '/bin/sh', ['-c', list, 'sh', place.folder])).split('\n');
  return new Map(
    lines.flatMap((line) => {
      const [, size, name] = /^\s*(\d+) (.+)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, Number(size)] as const];
    }),
  );
}

/** Where an entry was added that fits; undefined if none was. */
export async function findAdded(
  place: TranscriptsPlace,
  before: Sizes,
  fits: (entry: CliMessage) => boolean,
): Promise<FoundPlace | undefined> {
  for (const [name, size] of await sizesOf(place)) {
    const from = before.get(name) ?? 0;
    if (size <= from) continue;
    const path = join(place.folder, name);
    const added = await run(place, 'tail', ['-c', `+${String(from + 1)}`, '--', path]);
    if (added.split('\n').some((line) => fits(readEntry(line) ?? { type: '' }))) return { path, from };
  }
  return undefined;
}

async function run({ runner, env }: TranscriptsPlace, command: string, args: readonly string[]): Promise<string> {
  return String((await runProgram({ runner, command, args, cwd: '/', env, code: 'engine.crashed' })) ?? '');
}
