import type { Clock } from '@remuda/domain';
import type { CliMessage } from '../stream/cli-message.js';
import { numberOf } from '../stream/cli-message.js';

/**
 * Tells when Claude Code has printed nothing for too long, whatever it waits for: its answer, a tool, its own next step. A
 * model request in flight shows itself by what streams back, and a pause that it announced counts from its end.
 */
export class IdleWatch {
  #quietUntil: number;

  constructor(
    private readonly clock: Clock,
    private readonly limitMs: number,
  ) {
    this.#quietUntil = clock.monotonic();
  }

  /** Takes a message as a sign of life; the regular word that a tool still runs is none. */
  see(message: CliMessage): void {
    if (message.type === 'tool_progress' || message.type === 'keep_alive') return;
    const pauseMs = message.subtype === 'api_retry' ? numberOf(message['retry_delay_ms']) : 0;
    this.#quietUntil = Math.max(this.#quietUntil, this.clock.monotonic() + pauseMs);
  }

  /** Resolves with true when it was idle for too long; with false when `pause`, which waits for so many ms, says that all is over. */
  async idle(pause: (ms: number) => Promise<boolean>): Promise<boolean> {
    for (;;) {
      const waitMs = this.#quietUntil + this.limitMs - this.clock.monotonic();
      if (waitMs <= 0) return true;
      if (!(await pause(waitMs))) return false;
    }
  }
}
