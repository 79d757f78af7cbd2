import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../exit-code.js';
import type { Surroundings } from '../surroundings.js';

/** What `npm start` runs. */
const launch = fileURLToPath(new URL('../../../local/src/launch.mjs', import.meta.url));

/** Starts the whole of Remuda on this machine, until Ctrl-C. */
export async function up({ env, leaving }: Surroundings): Promise<number> {
  const child = spawn(process.execPath, [launch, 'start'], { stdio: 'inherit', env });
  // A terminal's Ctrl-C reaches the child by itself; SIGTERM to us alone does not.
  leaving.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
  const [code] = (await once(child, 'exit')) as [number | null];
  return leaving.aborted ? exitCodes.interrupted : (code ?? exitCodes.failed);
}
