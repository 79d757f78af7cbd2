import { RemudaError } from '@remuda/domain';
import { exitWords, type RunningProgram } from '../runner/runner.port.js';

/** A tmux client that waits for a text to paste. It is started before there is one, so that no prompt waits for a process. */
export class PasteClient {
  constructor(private readonly program: RunningProgram) {
    program.stdout.resume();
    program.stderr.resume();
    program.stdin.on('error', () => undefined);
  }

  get pid(): number | undefined {
    return this.program.pid;
  }

  /** Pastes the text, and resolves when tmux has it. Once only. Rejects with `engine.crashed` if there is no terminal. */
  async give(text: string): Promise<void> {
    this.program.stdin.end(text);
    const exit = await this.program.exited;
    if (exit.code !== 0) throw new RemudaError('engine.crashed', `tmux could not paste: ${exitWords(exit)}.`);
  }

  close(): void {
    this.program.signal('SIGKILL');
  }
}
