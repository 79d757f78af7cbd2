import { join } from 'node:path';
import type { AbortSignalLike } from '@remuda/domain';
import { StreamEngine } from '@remuda/engine';
import { createLogger, systemClock } from '@remuda/runtime';
import { firstWith, modelName, now, uniquePrompt, type Subject } from './subject.js';

/** What one turn of a warm process took until its first request, in ms. */
export interface AloneTimes {
  /** From the message written to its stdin. */
  readonly fromMessage: number;
  /** From the call of the engine, which sets the job's credential before it writes the message. */
  readonly fromTurn: number;
}

/** A Claude Code that our own engine has made warm, with nothing else of ours around it. */
export class WarmAlone {
  readonly #engine: StreamEngine;

  constructor(
    private readonly subject: Subject,
    round: number,
  ) {
    const { claude, dir, socket } = subject;
    this.#engine = new StreamEngine({
      claude,
      workspace: join(dir, `alone-${round}`, 'work'),
      home: join(dir, `alone-${round}`, 'home'),
      env: process.env,
      profile: { model: modelName, permissionMode: 'bypassPermissions', tools: {}, trustRepository: false },
      bridge: { socket },
      clock: systemClock,
      log: createLogger({ name: 'alone', level: 'silent' }),
    });
  }

  async warm(): Promise<void> {
    await this.#engine.warm();
  }

  /** Has it carry out one turn. */
  async measure(): Promise<AloneTimes> {
    const prompt = uniquePrompt();
    const seen = firstWith(this.subject.model, prompt);
    let listenedAt = NaN;
    // The engine begins to listen for an interrupt right before it writes the message.
    const signal: AbortSignalLike = {
      aborted: false,
      reason: undefined,
      addEventListener: () => (listenedAt = now()),
      removeEventListener: () => undefined,
    };
    const calledAt = now();
    const turn = this.#engine.turn({ prompt, deltas: false, bridgeToken: 'bench', env: {} }, () => undefined, signal);
    const { at } = await seen;
    const end = await turn;
    if (end.kind !== 'succeeded') throw new Error(`the warm process alone: the turn ${end.kind}`);
    return { fromMessage: at - listenedAt, fromTurn: at - calledAt };
  }

  async end(): Promise<void> {
    await this.#engine.kill();
  }
}
