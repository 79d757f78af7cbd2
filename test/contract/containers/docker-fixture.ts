import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DockerRuntime, type DockerRuntimeOptions } from '@remuda/containers';
import { Greetings } from './greetings.js';
import { silent } from './silent.js';

const run = promisify(execFile);

/** The image with the fixture as its worker. */
export const fixtureImage = 'remuda-fixture-worker:test';

/** Docker's own command, as an operator types it; gives what it printed. */
export async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('docker', args, { env: { ...process.env, DOCKER_BUILDKIT: '0' } });
  return stdout.trim();
}

/** Whether an engine answers and can start containers; tests that need one are skipped where it does not. */
export const engineAnswers: boolean = await docker('info').then(
  () => true,
  () => false,
);

/** Builds an image from the fixture's with this content: the same content has the same image, by the engine's cache. */
export async function buildWith(image: string, content: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'rm-image-'));
  try {
    await writeFile(join(folder, 'Dockerfile'), `FROM ${fixtureImage}\nENV CONTENT=${content}\n`);
    await docker('build', '-q', '-t', image, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A socket folder and cluster names of a test's own, and runtimes over them. */
export interface DockerPlace {
  readonly socketDir: string;
  readonly cluster: string;
  readonly greetings: Greetings;
  open(own?: Partial<DockerRuntimeOptions>): DockerRuntime;
  close(): Promise<void>;
}

export async function dockerPlace(): Promise<DockerPlace> {
  await docker('build', '-q', '-t', fixtureImage, fileURLToPath(new URL('fixture', import.meta.url)));
  const socketDir = await mkdtemp(join(tmpdir(), 'rm-'));
  const cluster = `test-${socketDir.slice(-6)}`;
  const greetings = await Greetings.open(socketDir);
  return {
    socketDir,
    cluster,
    greetings,
    open: (own) => new DockerRuntime({ cluster, socketDirOf: () => socketDir, log: silent, ...own }),
    close: async () => {
      await greetings.close();
      await rm(socketDir, { recursive: true, force: true });
    },
  };
}
