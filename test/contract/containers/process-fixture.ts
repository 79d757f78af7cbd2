import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ProcessRuntime, type ProcessRuntimeOptions } from '@remuda/containers';
import { Greetings } from './greetings.js';
import { silent } from './silent.js';

const fixture = fileURLToPath(new URL('fixture/worker.mjs', import.meta.url));

/** A root folder and a socket folder of a test's own, and runtimes over them. */
export interface ProcessPlace {
  readonly dir: string;
  readonly options: ProcessRuntimeOptions;
  readonly greetings: Greetings;
  open(own?: Partial<ProcessRuntimeOptions>): ProcessRuntime;
  close(): Promise<void>;
}

export async function processPlace(): Promise<ProcessPlace> {
  const root = await mkdtemp(join(tmpdir(), 'rm-'));
  const dir = join(root, 'workers');
  const greetings = await Greetings.open(root);
  const options: ProcessRuntimeOptions = {
    cluster: 'own',
    dir,
    workerBundle: fixture,
    claude: process.execPath,
    socketDirOf: () => root,
    hostEnv: process.env,
    log: silent,
  };
  return {
    dir,
    options,
    greetings,
    open: (own) => new ProcessRuntime({ ...options, ...own }),
    close: async () => {
      await greetings.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
