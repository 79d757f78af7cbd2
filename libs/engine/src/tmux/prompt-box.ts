import type { Clock } from '@remuda/domain';
import { pasted } from './said/pasted.js';
import { within } from './within.js';

/** Where prompts are given. */
export interface PromptBoxPlace {
  readonly paste: (text: string) => Promise<void>;
  readonly enter: () => void;
  readonly clock: Clock;
  /** How long a prompt may take to be taken, in ms. */
  readonly limitMs: number;
  /** What a pasted prompt waits for until Enter is pressed. */
  readonly mayEnter: () => Promise<void>;
}

/**
 * How long to wait before Enter is pressed, and before it is pressed again, in ms. Claude Code must not read it together
 * with the end of the paste: then it is lost. CLI 2.1.332 took it each time when it came 3 ms after the paste, on a machine
 * that was busy.
 */
export const enterAfterMs = [5, 40, 80, 160, 320, 640, 1_000] as const;

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
    const { paste, enter, clock, limitMs, mayEnter } = this.place;
    const since = clock.monotonic();
    const taken = new Promise<undefined>((resolve) => {
      this.#taken = () => {
        resolve(undefined);
      };
    });
    await Promise.all([paste(pasted(prompt)), mayEnter()]);
    for (let i = 0; ; i++) {
      const pauseMs = enterAfterMs[Math.min(i, enterAfterMs.length - 1)] ?? 0;
      if ((await within(clock, pauseMs, taken, 'late')) === undefined || !wanted()) return true;
      if (clock.monotonic() - since > limitMs) return false;
      enter();
    }
  }
}
