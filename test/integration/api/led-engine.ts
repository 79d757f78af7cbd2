import type { AbortSignalLike, Engine, Failure, JobResult, NewEvent, Turn, TurnEnd } from '@remuda/domain';
import { noUsage } from '@remuda/domain';

/** A turn that the test carries out itself. */
export interface LedTurn {
  readonly turn: Turn;
  /** Says a text, as Claude Code would. */
  say(text: string): void;
  succeed(result?: Partial<JobResult>): void;
  fail(failure: Failure): void;
}

/** Engines whose turns a test leads by the hand; an interrupt ends them at once. */
export class LedEngines {
  readonly #turns: LedTurn[] = [];
  readonly #waiting: ((turn: LedTurn) => void)[] = [];

  /** The next turn that a worker begins. */
  next(): Promise<LedTurn> {
    const turn = this.#turns.shift();
    return turn ? Promise.resolve(turn) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  make(): Engine {
    return {
      warm: () => Promise.resolve(),
      resume: () => Promise.resolve(),
      turn: (turn, onEvent, signal) => this.#begin(turn, onEvent, signal),
      endRest: () => Promise.resolve({ by: 'interrupt', processesLeft: 0, ms: 0 }),
      memoryMb: () => Promise.resolve(undefined),
      reset: () => Promise.resolve(),
      kill: () => Promise.resolve(),
    };
  }

  #begin(turn: Turn, onEvent: (event: NewEvent) => void, signal: AbortSignalLike): Promise<TurnEnd> {
    return new Promise((resolve) => {
      const interrupt = (): void => {
        resolve({ kind: 'interrupted', result: resultOf({ text: 'so far' }) });
      };
      signal.addEventListener('abort', interrupt, { once: true });
      turn.steering?.attend((message) => {
        onEvent({ type: 'turn.steered', at: Date.now(), data: message });
      });
      const led: LedTurn = {
        turn,
        say: (text) => {
          onEvent({ type: 'message.text', at: Date.now(), data: { text } });
        },
        succeed: (result = {}) => {
          resolve({ kind: 'succeeded', result: resultOf(result) });
        },
        fail: (failure) => {
          resolve({ kind: 'failed', failure });
        },
      };
      const waiting = this.#waiting.shift();
      if (waiting) waiting(led);
      else this.#turns.push(led);
    });
  }
}

function resultOf(result: Partial<JobResult>): JobResult {
  return { text: 'done', turns: 1, usage: { ...noUsage, outputTokens: 7 }, costUsd: 0.5, ...result };
}
