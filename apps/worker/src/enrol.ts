import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  enrolmentPath,
  isRecord,
  parseJson,
  readEnrolmentAnswer,
  workerEnv,
  writeEnrolmentRequest,
  type EnrolmentAnswer,
} from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';

/** Where a worker enrols that something else than the scheduler started. */
export interface EnrolPlan {
  readonly url: URL;
  /** Who signed the scheduler's certificate, PEM. Default: who is known to Node.js. */
  readonly ca?: string | undefined;
  /** File with the token of the pod's service account; it is renewed there. */
  readonly tokenFile: string;
  readonly profile: string;
  readonly log: Logger;
}

/** What a try came to: what the worker needs, or why not, and when another one may help. */
type Try = { readonly answer: EnrolmentAnswer } | { readonly reason: string; readonly retryAfterMs?: number };

/** Longest time that one try may take, in ms. */
const tryMs = 15_000;
/** Pause before the next one where nobody names one: doubles from the first up to the longest, in ms. */
const [firstPauseMs, longestPauseMs] = [500, 30_000];
/** Longest answer, in bytes. */
const maxAnswerBytes = 1_048_576;
/** What a scheduler gives: it can set no other variable of this process. */
const given: ReadonlySet<string> = new Set([...Object.values(workerEnv), 'REMUDA_LOG_LEVEL']);

/**
 * Asks a scheduler to be a worker until one takes it in, and gives the environment that goes with it. It never gives up: whoever made this
 * pod would only make another one, which would fare no better. Rejects when the signal aborts.
 */
export async function enrol(plan: EnrolPlan, signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
  let pauseMs = firstPauseMs;
  for (;;) {
    const tried = await attempt(plan, signal);
    if ('answer' in tried) {
      const { worker, env } = tried.answer;
      plan.log.info({ worker, profile: plan.profile }, 'enrolled as a worker');
      return Object.fromEntries(Object.entries(env).filter(([name]) => given.has(name)));
    }
    const { reason, retryAfterMs: ms = pauseMs } = tried;
    plan.log.warn({ reason, retryAfterMs: ms }, 'not enrolled yet');
    pauseMs = Math.min(2 * pauseMs, longestPauseMs);
    // up to a fifth more, so that those that were refused together do not come back together
    await sleep(ms * (1 + Math.random() / 5), undefined, { signal });
  }
}

async function attempt(plan: EnrolPlan, signal: AbortSignal): Promise<Try> {
  try {
    const token = (await readFile(plan.tokenFile, 'utf8')).trim();
    return await ask(plan, token, AbortSignal.any([signal, AbortSignal.timeout(tryMs)]));
  } catch (error) {
    signal.throwIfAborted();
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

async function ask({ url, ca, profile }: EnrolPlan, token: string, signal: AbortSignal): Promise<Try> {
  const body = writeEnrolmentRequest({ profile });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const options = { method: 'POST', headers, agent: false, signal };
  const to = new URL(enrolmentPath, url);
  const request =
    url.protocol === 'https:'
      ? requestHttps(to, { ...options, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) })
      : requestHttp(to, options);
  const [response] = (await once(request.end(body), 'response')) as [IncomingMessage];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) response.destroy(new Error('the answer is too long'));
  });
  const said = await text(response);
  if (response.statusCode !== 201) return refused(said, response.statusCode ?? 0, response.headers['retry-after']);
  const answer = readEnrolmentAnswer(said);
  return answer ? { answer } : { reason: 'the answer is none that this worker understands' };
}

function refused(said: string, status: number, retryAfter: string | undefined): Try {
  const problem = parseJson(said);
  const known = isRecord(problem) ? `${String(problem['code'])}: ${String(problem['detail'])}` : '';
  const reason = known === '' ? `the scheduler answers ${String(status)}` : known.slice(0, 500);
  const seconds = Number(retryAfter ?? NaN);
  return { reason, ...(seconds >= 0 ? { retryAfterMs: Math.min(seconds * 1_000, longestPauseMs) } : {}) };
}
