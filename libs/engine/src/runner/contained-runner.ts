import { readFileSync } from 'node:fs';
import { RemudaError } from '@remuda/domain';
import { LocalRunner } from './local-runner.js';
import { seeProcesses } from './processes.js';
import type { SeenProcess } from './runner.port.js';

/**
 * Runs programs in a container that only Claude Code, its tools and this process use, as our own user. All processes of
 * that user are the engine's, except ours and `tini`, which is PID 1. Throws `config.invalid` anywhere else: it kills
 * everything that it may kill.
 */
export class ContainedRunner extends LocalRunner {
  override readonly alone = true;

  constructor() {
    super();
    const fault = faultOf();
    if (fault !== undefined)
      throw new RemudaError('config.invalid', `An agent must run in its own container, under tini: ${fault}.`);
  }

  override async processes(scope: string): Promise<readonly SeenProcess[]> {
    const seen = await seeProcesses({ scope, uid: process.getuid?.() });
    return seen.filter(({ pid }) => pid !== process.pid && pid !== 1);
  }

  /** A single system call, which spares PID 1 and the calling process. */
  override killUser(): Promise<void> {
    try {
      process.kill(-1, 'SIGKILL');
    } catch (error) {
      // having nothing to kill is not a fault
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    return Promise.resolve();
  }
}

function faultOf(): string | undefined {
  if (process.getuid?.() === 0) return 'it is root';
  if (process.ppid !== 1) return 'its parent is not PID 1';
  const first = readFileSync('/proc/1/comm', 'latin1').trim();
  return first === 'tini' ? undefined : `PID 1 is ${first}`;
}
