import type { AbortSignalLike, Ended, Engine, NewEvent, Turn, TurnEnd } from '@remuda/domain';
import { noUsage } from '@remuda/domain';

/** What an instant engine does with a turn. Default: nothing. */
export type TurnScript = (turn: Turn, onEvent: (event: NewEvent) => void, signal: AbortSignalLike) => Promise<TurnEnd>;

/**
 * An engine without an agent: it is warm at once and answers by a script. Passes the same contract suite as the real
 * one.
 */
export class InstantEngine implements Engine {
  readonly version = '9.9.9';
  /** `memory` is its reported memory in MiB. */
  constructor(
    private readonly script: TurnScript = answerAtOnce,
    private readonly memory: () => number | undefined = () => undefined,
  ) {}

  async warm(): Promise<void> {
    // There is nothing to start.
  }

  async resume(): Promise<void> {
    // Its script knows of no session.
  }

  async turn(turn: Turn, onEvent: (event: NewEvent) => void, signal: AbortSignalLike): Promise<TurnEnd> {
    return signal.aborted ? { kind: 'interrupted' } : this.script(turn, onEvent, signal);
  }

  async endRest(): Promise<Ended> {
    return { by: 'interrupt', processesLeft: 0, ms: 0 };
  }

  async memoryMb(): Promise<number | undefined> {
    return this.memory();
  }

  /** Nothing is left behind. */
  async reset(): Promise<void> {
    await this.warm();
  }

  async kill(): Promise<void> {
    // There is nothing to end.
  }
}

async function answerAtOnce(turn: Turn): Promise<TurnEnd> {
  return { kind: 'succeeded', result: { text: `ok: ${turn.prompt}`, turns: 1, usage: noUsage, costUsd: 0 } };
}
