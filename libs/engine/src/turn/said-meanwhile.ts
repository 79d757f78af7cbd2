import type { Clock, NewEvent, Steer, Turn } from '@remuda/domain';
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
 * own with another result, which belongs to the same job.
 */
export class SaidMeanwhile {
  readonly #unread = new Set<string>();
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
      this.#tell(message);
    });
  }

  /** Claude Code has read a message. */
  read(id: string): void {
    this.#unread.delete(id);
  }

  /** The turn is over: it hears no more. */
  close(): void {
    this.#leave();
  }

  #tell({ id, text }: Steer): void {
    const { process, clock, onEvent } = this.aim;
    this.#unread.add(id);
    process.steer?.(id, ...asPrompt(text));
    onEvent({ type: 'turn.steered', at: clock.now(), data: { id, text } });
  }
}
