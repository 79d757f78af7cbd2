import type { Clock, WorkerScreen } from '@remuda/domain';

/** What is shown, and where. */
export interface ShowParts {
  /** Looks at the terminal. */
  readonly look: () => Promise<Pick<WorkerScreen, 'text' | 'job'>>;
  readonly show: (screen: WorkerScreen) => Promise<void>;
  readonly clock: Clock;
}

/** How often the terminal is looked at while somebody asks for it, in ms. */
export const lookEveryMs = 500;

/** Shows a terminal's screen while somebody asks for it, when it has changed or was asked for anew; else does nothing. */
export class ScreenShow {
  #until = -Infinity;
  #asked = 0;
  #showing: Promise<void> | undefined;

  constructor(private readonly parts: ShowParts) {}

  /** Somebody looks, for `forMs` from now. */
  ask(asked: number, forMs: number): void {
    this.#asked = Math.max(this.#asked, asked);
    this.#until = Math.max(this.#until, this.parts.clock.monotonic() + forMs);
    this.#showing ??= this.#show().finally(() => (this.#showing = undefined));
  }

  /** Shows no more. */
  close(): void {
    this.#until = -Infinity;
  }

  async #show(): Promise<void> {
    const { look, show, clock } = this.parts;
    let last: WorkerScreen | undefined;
    while (clock.monotonic() < this.#until) {
      const asked = this.#asked;
      const seen = await look().catch(() => undefined);
      if (seen && (seen.text !== last?.text || seen.job !== last.job || asked !== last.asked)) {
        last = { ...seen, at: clock.now(), asked };
        await show(last);
      }
      await clock.sleep(lookEveryMs);
    }
  }
}
