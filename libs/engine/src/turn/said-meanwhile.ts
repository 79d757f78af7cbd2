import type { Clock, NewEvent, Steer, Turn } from '@remuda/domain';
import { isReceipt, isReturned, readBack, type CliMessage } from '../stream/cli-message.js';
import { asPrompt } from '../stream/prompt.js';
import type { TurnProcess } from './turn-session.js';

/** What a turn needs to hear what is said to it. */
export interface HearingAim {
  readonly process: TurnProcess;
  readonly turn: Turn;
  readonly clock: Clock;
  readonly onEvent: (event: NewEvent) => void;
}

/**
 * What is said to a turn while it runs. Claude Code reads it at its next step; what comes after the last one begins a turn of Claude Code's
 * own with another result, which belongs to the same job. A Claude Code that does not say what it reads is told nothing.
 */
export class SaidMeanwhile {
  readonly #told = new Set<string>();
  readonly #unread = new Set<string>();
  /** What is kept until it is known whether Claude Code says what it reads: it does so with the prompt, before its turn begins. */
  #early: Steer[] | undefined = [];
  #isDeaf = false;
  #leave: () => void = () => undefined;

  constructor(private readonly aim: HearingAim) {}

  /** Whether Claude Code goes on after its result, because it has not read all of it. */
  get isUnread(): boolean {
    return this.#unread.size > 0;
  }

  /** From now on all that is said is handed to Claude Code. */
  hear(): void {
    const { turn, process } = this.aim;
    if (!turn.steering || !process.steer) return;
    this.#leave = turn.steering.attend((message) => {
      if (this.#early) this.#early.push(message);
      else this.#tell(message);
    });
  }

  /** Takes the process's messages in order. Returns whether it is one of ours that has come back, and nothing else. */
  see(message: CliMessage): boolean {
    const id = readBack(message);
    if (id !== undefined) this.#unread.delete(id);
    const isKnown = isReceipt(message) || message.subtype === 'init';
    if (this.#early && isKnown) {
      const early = this.#early;
      this.#early = undefined;
      this.#isDeaf = !isReceipt(message);
      for (const each of early) this.#tell(each);
    }
    return isReturned(message);
  }

  /** The turn is over: it hears no more. */
  close(): void {
    this.#leave();
  }

  #tell({ id, text }: Steer): void {
    const { process, clock, onEvent } = this.aim;
    if (this.#told.has(id)) return;
    this.#told.add(id);
    const at = clock.now();
    if (this.#isDeaf) {
      const message = 'This version of Claude Code does not say what it reads during a turn, so that it was not told.';
      onEvent({ type: 'attempt.warned', at, data: { message } });
      return;
    }
    this.#unread.add(id);
    process.steer?.(id, ...asPrompt(text));
    onEvent({ type: 'turn.steered', at, data: { id, text } });
  }
}
