import type { Clock } from '@remuda/domain';
import { pasted } from './said/pasted.js';
import type { TmuxServer } from './tmux-server.js';
import { within } from './within.js';

/** Where prompts are given. */
export interface PromptBoxPlace {
  readonly server: Pick<TmuxServer, 'paste' | 'press'>;
  readonly session: string;
  readonly clock: Clock;
  /** How long a prompt may take to be taken, in ms. */
  readonly limitMs: number;
  /** What a pasted prompt waits for until Enter is pressed. */
  readonly mayEnter: () => Promise<void>;
}

/**
 * How long to wait before Enter is pressed, and before it is pressed again, in ms: it is lost while Claude Code takes a
 * paste in. Measured on CLI 2.1.332: Enter at once is always lost, after 30 ms rarely.
 */
export const enterAfterMs = [30, 30, 60, 120, 240, 480, 1_000] as const;

/** The prompt of a terminal: pastes what it is given, and presses Enter until it is told that this was taken. */
export class PromptBox {
  #taken: () => void = () => undefined;

  constructor(private readonly place: PromptBoxPlace) {}

  /** The prompt that was given last was taken, or is not wanted any more. */
  taken(): void {
    this.#taken();
  }

  /** Resolves when it was taken, or `wanted` is false; false if it was not taken in time. Rejects if there is no terminal. */
  async give(prompt: string, wanted: () => boolean): Promise<boolean> {
    const { server, session, clock, limitMs, mayEnter } = this.place;
    const since = clock.monotonic();
    const taken = new Promise<undefined>((resolve) => {
      this.#taken = () => {
        resolve(undefined);
      };
    });
    await Promise.all([server.paste(session, pasted(prompt)), mayEnter()]);
    for (let i = 0; ; i++) {
      const pauseMs = enterAfterMs[Math.min(i, enterAfterMs.length - 1)] ?? 0;
      if ((await within(clock, pauseMs, taken, 'late')) === undefined || !wanted()) return true;
      if (clock.monotonic() - since > limitMs) return false;
      await server.press(session, 'Enter');
    }
  }
}
