import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { minimatch } from 'minimatch';
import type { Artifact } from '@remuda/client';
import { exitCodes } from '../exit-code.js';
import type { Session } from '../session.js';
import type { Output } from '../surroundings.js';
import { UsageError } from '../usage-error.js';
import { size } from '../view/amounts.js';
import { oneLine, plainText } from '../view/plain-text.js';
import { table } from '../view/table.js';

/** Where the files go; without either they are listed. */
export interface ArtifactOptions {
  readonly out?: string;
  readonly tar?: string;
}

/** Which of them. */
interface Asked extends ArtifactOptions {
  /** None: all. */
  readonly globs: readonly string[];
  readonly stdout: Output;
}

/** Lists or downloads the files that were kept of a job. Fails if there is none that is named. */
export async function artifacts(session: Session, id: string, asked: Asked): Promise<number> {
  const { globs, out, tar } = asked;
  if (tar !== undefined) {
    if (globs.length > 0 || out !== undefined)
      throw new UsageError('--tar is for all artifacts: it cannot be combined with globs or --out.');
    return download(session, id, tar, asked.stdout);
  }
  const named = (await session.client.files.artifacts(id)).artifacts.filter(({ path }) => isNamed(path, globs));
  if (out !== undefined) await save(session, id, named, resolve(session.cwd, out));
  if (session.json) session.print(JSON.stringify(named));
  else if (named.length === 0) session.say(`${id} has no such artifacts.`);
  else if (out === undefined) session.print(table(['path', 'size', 'sha256'], named.map(rowOf)));
  return named.length === 0 && globs.length > 0 ? exitCodes.failed : exitCodes.ok;
}

const longestPath = 300;
const rowOf = ({ path, bytes, sha256 }: Artifact): readonly string[] => [
  oneLine(path, longestPath),
  size(bytes),
  sha256,
];

/** As the globs of a job are understood: one that names a folder names everything in it. */
const isNamed = (path: string, globs: readonly string[]): boolean =>
  globs.length === 0 ||
  globs.some((glob) =>
    [glob, `${glob.replace(/\/$/, '')}/**`].some((each) =>
      minimatch(path, each, { nocomment: true, nonegate: true, nobrace: true, noext: true }),
    ),
  );

async function save(session: Session, id: string, files: readonly Artifact[], folder: string): Promise<void> {
  for (const file of files) {
    await saveOne(session, id, file, pathWithin(folder, file.path));
    if (!session.json) session.say(`${plainText(file.path)}  ${size(file.bytes)}`);
  }
}

/** Whatever the api says: a file stays in the folder. */
function pathWithin(folder: string, path: string): string {
  if (path.split(/[\\/]/).some((name) => name === '' || name === '.' || name === '..') || path.includes('\0'))
    throw new Error(`The artifact ${JSON.stringify(path)} has a path that leads out of the folder.`);
  return join(folder, path);
}

/** It has its name only once it is complete. */
async function saveOne(session: Session, id: string, { path, sha256 }: Artifact, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await written(to, async (partial) => {
    const hash = createHash('sha256');
    const content = Readable.fromWeb(await session.client.files.artifact(id, path));
    content.on('data', (chunk: Uint8Array) => hash.update(chunk));
    await pipeline(content, createWriteStream(partial), { signal: session.leaving });
    if (hash.digest('hex') !== sha256) throw new Error(`${path} arrived with another content than the list says.`);
  });
}

async function written(to: string, write: (partial: string) => Promise<void>): Promise<void> {
  const partial = `${to}.part`;
  try {
    await write(partial);
    await rename(partial, to);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function download(session: Session, id: string, file: string, stdout: Output): Promise<number> {
  const content = await session.client.files.artifactsTar(id);
  if (file === '-') {
    for await (const chunk of content) stdout.write(chunk);
    return exitCodes.ok;
  }
  const to = resolve(session.cwd, file);
  await written(to, (partial) =>
    pipeline(Readable.fromWeb(content), createWriteStream(partial), { signal: session.leaving }),
  );
  if (!session.json) session.say(`All artifacts of ${id} are in ${to}.`);
  return exitCodes.ok;
}
