import { access, realpath } from 'node:fs/promises';
import { RemudaError } from '@remuda/domain';
import { startHere, signalHere, type LocalUser } from './local-program.js';
import { memoryOf } from './memory.js';
import { countOomKills } from './oom-kills.js';
import { seeProcesses } from './processes.js';
import { runProgram } from './run-program.js';
import type { ProgramStart, Runner, RunningProgram, SeenProcess } from './runner.port.js';

/** Runs programs on this machine: as our own user, or as another user that nobody else uses, which requires root. */
export class LocalRunner implements Runner {
  readonly root: boolean;
  readonly alone: boolean;

  constructor(private readonly user?: LocalUser) {
    this.root = (user?.uid ?? process.getuid?.()) === 0;
    this.alone = user !== undefined;
  }

  start(program: ProgramStart): RunningProgram {
    return startHere(program, this.user);
  }

  async processes(scope: string): Promise<readonly SeenProcess[]> {
    const seen = await seeProcesses({ scope, uid: this.user?.uid });
    return seen.filter(({ pid }) => pid !== process.pid);
  }

  signal(pids: readonly number[], name: NodeJS.Signals): Promise<void> {
    for (const pid of pids) signalHere(pid, name);
    return Promise.resolve();
  }

  async killUser(limitMs: number): Promise<void> {
    if (!this.alone) throw new RemudaError('internal', 'All processes of a user that others use cannot be killed.');
    // the shell itself is spared; having nothing to kill is not a fault
    const args = ['-c', 'kill -KILL -1 2>/dev/null; exit 0'];
    const shell = { command: '/bin/sh', args, cwd: '/', env: {} };
    await runProgram({ runner: this, ...shell, timeoutMs: limitMs, code: 'engine.unresponsive' });
  }

  exists(path: string): Promise<boolean> {
    return access(path).then(
      () => true,
      () => false,
    );
  }

  realPath(path: string): Promise<string> {
    return realpath(path).catch(() => path);
  }

  oomKills(): Promise<number | undefined> {
    return countOomKills();
  }

  memoryMb(pids: readonly number[]): Promise<number | undefined> {
    return memoryOf(pids);
  }
}

/** This machine, as our own user. */
export const ownUser = new LocalRunner();
