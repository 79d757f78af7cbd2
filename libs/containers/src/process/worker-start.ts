import { join } from 'node:path';
import type { ContainerSpec } from '@remuda/domain';
import type { ProcessEnd } from '../exit-reason.js';
import { startTimeOf } from './process-table.js';
import type { WorkerCard } from './worker-card.js';
import { workerEnvironment } from './worker-environment.js';
import type { WorkerFolder } from './worker-folder.js';
import { launch } from './worker-process.js';

/** Paths of every worker's parts on this machine. All are absolute. */
export interface WorkerParts {
  readonly cluster: string;
  /** The bundled worker, a Node program. */
  readonly workerBundle: string;
  /** Claude Code's executable. */
  readonly claude: string;
  /** The folder with a worker's sockets. */
  readonly socketDirOf: (worker: string) => string;
  /** This process's environment: only PATH, language and time zone are passed on. */
  readonly hostEnv: Readonly<Record<string, string | undefined>>;
}

/** Start time on the card of a process that had ended before it could be read. */
const endedAtOnce = 'ended at once';

/**
 * Creates the worker's folder and starts its process there. The card is first written without a pid: a scheduler that
 * dies in between leaves nothing untracked. `ended` resolves when the process has ended.
 */
export async function startWorker(
  { worker, profile, fingerprint, env }: ContainerSpec,
  folder: WorkerFolder,
  { cluster, workerBundle, claude, socketDirOf, hostEnv }: WorkerParts,
): Promise<{ readonly pid: number; readonly ended: Promise<ProcessEnd> }> {
  const card: WorkerCard = { cluster, worker, profile, fingerprint };
  await folder.create();
  await folder.write(card);
  const output = await folder.openLog();
  try {
    const { workspace, home, tmp } = folder;
    const run = join(folder.path, 'run');
    const places = { worker, workspace, home, tmp, claude, socketDir: socketDirOf(worker), run };
    const environment = workerEnvironment(places, hostEnv, env);
    const { pid, ended } = await launch({
      program: workerBundle,
      cwd: folder.workspace,
      env: environment,
      output: output.fd,
    });
    await folder.write({ ...card, pid, startTime: (await startTimeOf(pid)) ?? endedAtOnce });
    return { pid, ended };
  } finally {
    await output.close();
  }
}
