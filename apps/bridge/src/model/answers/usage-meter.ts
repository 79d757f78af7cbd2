import type { IncomingMessage } from 'node:http';
import type { BridgeGrant } from '@remuda/protocol';
import type { Clock } from '@remuda/domain';
import type { Logger } from '@remuda/runtime';
import type { BridgeMetrics } from '../../metrics.js';
import type { ModelCounts } from '../../model-counts.port.js';
import { afterCut, afterEvent, noAnswer, usedSince, type Answer } from './answer.js';
import { readerFor } from './answer-reader.js';
import { decoderFor } from './decoder.js';
import type { Passage } from '../upstream/forward.js';
import { limitResetAt } from './usage-limit.js';

/** Where what jobs ask of the model is written down. */
export interface Ledger {
  readonly counts: ModelCounts;
  readonly metrics: BridgeMetrics;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A request that is counted. */
export interface Counted {
  readonly grant: BridgeGrant;
  /** When it came, epoch ms; and the same by the monotonic clock. */
  readonly cameAt: number;
  readonly cameTick: number;
  /** The model that it asks for. */
  readonly model: string;
  /** What reading it may cost, and what all of it may, in micro-dollars: charged where the model does not say. */
  readonly inputMicroUsd: number;
  readonly mostMicroUsd: number;
}

/** Counts one request of a job and its answer. */
export interface UsageMeter {
  /** Reads along with the model's answer; one that tells of a usage limit is marked as not worth another try. */
  readonly readAlong: (answer: IncomingMessage) => void;
  /**
   * To be called when the request has ended. Resolves when its answer, if one came, was read to its end and all that it cost is
   * written down, or could not be.
   */
  readonly done: (passage: Passage) => Promise<void>;
}

/**
 * Begins to count a request. Tokens are added as soon as the model names them, so that they stand in the store before the client can
 * know that its turn is over. What an answer does not tell is charged by estimate: none is free for want of figures.
 */
export function meterUsage(counted: Counted, ledger: Ledger): UsageMeter {
  const { counts, metrics, clock } = ledger;
  const { grant, cameAt, cameTick } = counted;
  const { job } = grant;
  let seen: Answer = { ...noAnswer, model: counted.model };
  let status = 0;
  let answered = false;
  let chargedMicroUsd = 0;
  let last: Promise<unknown> = Promise.resolve();
  const save = (saved: Promise<void>): void => {
    const kept = saved.catch((err: unknown) => {
      metrics.lostCounts.inc();
      ledger.log.warn({ err, job }, 'could not count the usage of a request');
    });
    last = Promise.all([last, kept]);
  };
  let read: Promise<void> = Promise.resolve();
  const move = (next: Answer): void => {
    const { usage, costMicroUsd } = usedSince(seen, next);
    seen = next;
    chargedMicroUsd += costMicroUsd;
    if (costMicroUsd === 0 && Object.values(usage).every((tokens) => tokens === 0)) return;
    metrics.addTokens(usage);
    save(counts.used(job, usage, costMicroUsd));
  };
  const see = (type: string, data: string): void => {
    if (!answered && (type === 'content_block_start' || type === 'message')) {
      answered = true;
      metrics.firstToken.observe((clock.monotonic() - cameTick) / 1000);
      save(counts.answered(job, clock.now()));
    }
    move(afterEvent(seen, type, data));
  };
  save(counts.requested(job, cameAt));
  return {
    readAlong: (answer) => {
      status = answer.statusCode ?? 0;
      const resetAt = limitResetAt(status, answer.headers, clock.now());
      if (resetAt !== undefined) {
        // Claude Code would wait in its turn, with a worker that could do something else.
        answer.headers['x-should-retry'] = 'false';
        save(counts.limited(job, resetAt));
      }
      if (isSuccess(status)) read = readThrough(answer, see);
    },
    done: async (passage) => {
      await read;
      if (isSuccess(status)) move(afterCut(seen));
      const owed = seen.told ? 0 : owedMicroUsd(counted, passage, status) - chargedMicroUsd;
      if (owed > 0) {
        metrics.estimatedAnswers.inc();
        save(counts.used(job, noAnswer.usage, owed));
      }
      await last;
    },
  };
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** What is charged for a request of which the model did not say what reading it cost, in micro-dollars. */
function owedMicroUsd({ inputMicroUsd, mostMicroUsd }: Counted, passage: Passage, status: number): number {
  if (status !== 0 && !isSuccess(status)) return 0;
  if (passage === 'answered') return mostMicroUsd;
  // Whoever hangs up, or is cut off, may have been read already.
  return passage === 'left' || passage === 'cut' ? inputMicroUsd : 0;
}

/** Resolves when an answer was read to its end, or as far as it came. */
function readThrough(answer: IncomingMessage, see: (type: string, data: string) => void): Promise<void> {
  const reader = readerFor(answer.headers['content-type'], see);
  const decoder = decoderFor(answer.headers['content-encoding']);
  if (!reader || !decoder) return Promise.resolve();
  decoder.on('data', reader.read).once('end', reader.end);
  answer.pipe(decoder);
  return new Promise((resolve) => {
    decoder.once('close', resolve).once('error', () => {
      answer.unpipe(decoder);
    });
    answer.once('close', () => {
      if (!answer.complete) decoder.end();
    });
  });
}
