import type { ServerResponse } from 'node:http';
import type { BridgeMetrics } from '../../metrics.js';
import type { Refused } from '../question/question.js';
import { refusalBody, refusals } from '../refusals.js';

/** Answer to `count_tokens` while no job runs: priming accepts any number. */
const constantCount = '{"input_tokens":10}';

/** Counts answers from the bridge itself. */
interface Counting {
  readonly metrics: BridgeMetrics;
}

/** Answers a warm worker without a job that asks for a token count. */
export function answerIdle({ metrics }: Counting, response: ServerResponse): void {
  metrics.idleAnswers.inc();
  answer(response, 200, constantCount);
}

/** Refuses a request in the format of the Messages API; if its answer has begun, it is cut. */
export function refuse({ metrics }: Counting, response: ServerResponse, { reason, what }: Refused): void {
  metrics.refused.inc({ reason });
  if (response.headersSent || response.destroyed) return void response.destroy();
  const refusal = refusals[reason];
  answer(response, refusal.status, refusalBody(refusal, what), 'headers' in refusal ? refusal.headers : {});
}

/** Answers in JSON. */
export function answer(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
}
