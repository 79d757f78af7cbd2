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
}

/** How long to wait for a prompt to be taken before Enter is pressed again, in ms: it is lost while a paste is taken in. */
const enterAgainMs = [80, 160, 320, 640, 1_000] as const;

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
    const { server, session, clock, limitMs } = this.place;
    const since = clock.monotonic();
    const taken = new Promise<undefined>((resolve) => {
      this.#taken = () => {
        resolve(undefined);
      };
    });
    await server.paste(session, pasted(prompt));
    for (let i = 0; ; i++) {
      const pauseMs = enterAgainMs[Math.min(i, enterAgainMs.length - 1)] ?? 0;
      if ((await within(clock, pauseMs, taken, 'late')) === undefined || !wanted()) return true;
      if (clock.monotonic() - since > limitMs) return false;
      await server.press(session, 'Enter');
    }
  }
}
