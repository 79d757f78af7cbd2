import type { IncomingMessage } from 'node:http';
import type { BridgeGrant } from '@remuda/protocol';
import type { Clock } from '@remuda/domain';
import type { Logger } from '@remuda/runtime';
import type { BridgeMetrics } from '../metrics.js';
import type { ModelCounts } from '../model-counts.port.js';
import { afterCut, afterEvent, noAnswer, usedSince } from './answer.js';
import { readerFor } from './answer-reader.js';
import { limitResetAt } from './usage-limit.js';

/** Where what jobs ask of the model is written down. */
export interface Ledger {
  readonly counts: ModelCounts;
  readonly metrics: BridgeMetrics;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Counts one request of a job and its answer. */
export interface Tally {
  /** Reads along with the model's answer; one that tells of a usage limit is marked as not worth another try. */
  readAlong(answer: IncomingMessage): void;
  /** Resolves when the answer, if one came, was read to its end and all that it cost is written down, or could not be. */
  done(): Promise<void>;
}

/**
 * Begins to count a request that came at `cameAt` (epoch ms). Tokens are added as soon as the model names them, so that
 * they stand in the store before the client can know that its turn is over.
 */
export function beginTally(grant: BridgeGrant, cameAt: number, ledger: Ledger): Tally {
  const { counts, metrics, clock } = ledger;
  const { job } = grant;
  let seen = noAnswer;
  let answered = false;
  let last: Promise<unknown> = Promise.resolve();
  const save = (saved: Promise<void>): void => {
    const kept = saved.catch((err: unknown) => {
      metrics.lostCounts.inc();
      ledger.log.warn({ err, job }, 'could not count a request');
    });
    last = Promise.all([last, kept]);
  };
  let read: Promise<void> = Promise.resolve();
  const move = (next: typeof seen): void => {
    const { usage, costMicroUsd } = usedSince(seen, next);
    seen = next;
    if (Object.values(usage).every((tokens) => tokens === 0)) return;
    metrics.addTokens(usage);
    save(counts.used(job, usage, costMicroUsd));
  };
  const see = (type: string, data: string): void => {
    if (!answered && (type === 'content_block_start' || type === 'message')) {
      answered = true;
      const now = clock.now();
      metrics.firstToken.observe((now - cameAt) / 1000);
      save(counts.answered(job, now));
    }
    move(afterEvent(seen, type, data));
  };
  save(counts.requested(job, cameAt));
  return {
    readAlong: (answer) => {
      const resetAt = limitResetAt(answer.statusCode ?? 0, answer.headers, clock.now());
      if (resetAt !== undefined) {
        // Claude Code would wait in its turn, with a worker that could do something else.
        answer.headers['x-should-retry'] = 'false';
        save(counts.limited(job, resetAt));
      }
      const reader = answer.statusCode === 200 ? readerFor(answer.headers['content-type'], see) : undefined;
      if (!reader) return;
      answer.on('data', reader.read).once('end', reader.end);
      read = new Promise((resolve) => {
        answer.once('close', () => {
          move(afterCut(seen));
          resolve();
        });
      });
    },
    done: async () => {
      await read;
      await last;
    },
  };
}
