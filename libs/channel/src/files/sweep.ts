import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isUnfinished } from './names.js';

/** A file, and when it was written last, in epoch ms. */
export interface Aged {
  readonly name: string;
  readonly at: number;
}

/** A file that nobody finished in an hour has no writer any more. */
const unfinishedMs = 3_600_000;

/** The files whose time is over: messages that nobody took within `ttlMs`, and what was left unfinished. */
export function expired(files: readonly Aged[], now: number, ttlMs: number): readonly string[] {
  const limitOf = (name: string): number => (isUnfinished(name) ? Math.min(unfinishedMs, ttlMs) : ttlMs);
  return files.filter(({ name, at }) => now - at > limitOf(name)).map(({ name }) => name);
}

/** Removes the files of a folder whose time is over. */
export async function sweepFolder(folder: string, now: number, ttlMs: number): Promise<void> {
  const names = await readdir(folder);
  const aged = await Promise.all(names.map(async (name) => ({ name, at: await writtenAt(join(folder, name)) })));
  for (const name of expired(aged, now, ttlMs)) await rm(join(folder, name), { force: true });
}

/** When a file was written last, in epoch ms; one that is gone counts as new. */
const writtenAt = (path: string): Promise<number> =>
  stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => Infinity,
  );
