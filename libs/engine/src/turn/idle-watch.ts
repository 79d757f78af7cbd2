import type { Clock } from '@remuda/domain';
import type { CliMessage } from '../stream/cli-message.js';
import { numberOf } from '../stream/cli-message.js';

/**
 * Detects that Claude Code has printed nothing for too long, whatever it waits for: a model answer, a tool, its own
 * next step. A model request in flight is visible by its stream, and an announced retry delay counts from its end.
 */
export class IdleWatch {
  #quietUntil: number;

  constructor(
    private readonly clock: Clock,
    private readonly limitMs: number,
  ) {
    this.#quietUntil = clock.monotonic();
  }

  /** Takes a message as a sign of life, except for the regular progress message of a running tool. */
  see(message: CliMessage): void {
    if (message.type === 'tool_progress' || message.type === 'keep_alive') return;
    const pauseMs = message.subtype === 'api_retry' ? numberOf(message['retry_delay_ms']) : 0;
    this.#quietUntil = Math.max(this.#quietUntil, this.clock.monotonic() + pauseMs);
  }

  /**
   * Resolves with true after too long an idle time; with false if `pause`, which waits for a number of ms, says that
   * the turn is over.
   */
  async idle(pause: (ms: number) => Promise<boolean>): Promise<boolean> {
    for (;;) {
      const waitMs = this.#quietUntil + this.limitMs - this.clock.monotonic();
      if (waitMs <= 0) return true;
      if (!(await pause(waitMs))) return false;
    }
  }
}
