import type { IncomingMessage } from 'node:http';
import type { BridgeGrant } from '@remuda/protocol';
import type { Clock } from '@remuda/domain';
import type { Logger } from '@remuda/runtime';
import type { BridgeMetrics } from '../../metrics.js';
import type { ModelCounts } from '../../model-counts.port.js';
import { afterCut, afterEvent, noAnswer, usedSince, type Answer } from './answer.js';
import { readerFor } from './answer-reader.js';
import { decoderFor } from './decoder.js';
import type { Passage } from '@remuda/model';
import { limitResetAt } from './usage-limit.js';

/** Where usage of the model is recorded. */
export interface Ledger {
  readonly counts: ModelCounts;
  readonly metrics: BridgeMetrics;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A request that is counted. */
export interface Counted {
  readonly grant: BridgeGrant;
  /** When it arrived, epoch ms; and the same by the monotonic clock. */
  readonly cameAt: number;
  readonly cameTick: number;
  /** The requested model. */
  readonly model: string;
  /**
   * The maximum cost of reading it, and of the whole request, in micro-dollars: charged if the model does not report
   * its usage.
   */
  readonly inputMicroUsd: number;
  readonly mostMicroUsd: number;
}

/** Counts one request of a job and its answer. */
export interface UsageMeter {
  /** Reads the model's answer; one with a usage limit is marked as not retryable. */
  readonly readAlong: (answer: IncomingMessage) => void;
  /**
   * To be called when the request has ended. Resolves when its answer, if any, was read to the end and its cost was
   * recorded, or could not be.
   */
  readonly done: (passage: Passage) => Promise<void>;
}

/**
 * Starts counting a request. Tokens are added as soon as the model reports them, so that they are in the store before
 * the client can know that its turn is over. What an answer does not report is charged by estimate: nothing is free for
 * lack of figures.
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
        // Claude Code would wait within its turn and block a worker.
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

/** The charge for a request whose input usage the model did not report, in micro-dollars. */
function owedMicroUsd({ inputMicroUsd, mostMicroUsd }: Counted, passage: Passage, status: number): number {
  if (status !== 0 && !isSuccess(status)) return 0;
  if (passage === 'answered') return mostMicroUsd;
  // The model may have read the request even if the client disconnected or was cut off.
  return passage === 'left' || passage === 'cut' ? inputMicroUsd : 0;
}

/** Resolves when an answer was read to its end, or as far as it arrived. */
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
