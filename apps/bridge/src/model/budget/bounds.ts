import { isRecord } from '@remuda/protocol';
import type { MessagesRequest } from '../content/request-check.js';
import { mostMicroUsd, type Estimate } from './estimate.js';

/** The rest of a budget must cover an answer of this length, in tokens, or the requested length. */
const shortAnswer = 1_024;
/** The API's minimum for the thinking part of an answer, in tokens. */
const leastThinking = 1_024;
/** Minimum share of the estimated reading cost: English has four bytes per token, not three. */
const fair = 3 / 4;

/** Minimum rest of a budget for a request to begin, in micro-dollars: reading it, and a short answer. */
export function leastMicroUsd(body: MessagesRequest, estimate: Estimate): number {
  const tokens = Math.min(estimate.maxTokens, shortAnswer + (thinkingTokens(body) === undefined ? 0 : leastThinking));
  return Math.ceil(estimate.inputMicroUsd * fair + tokens * estimate.tokenMicroUsd);
}

/** The request with its answer limited to this many micro-dollars. */
export function boundedTo(body: MessagesRequest, estimate: Estimate, microUsd: number): MessagesRequest {
  if (microUsd >= mostMicroUsd(estimate)) return body;
  const paid = Math.floor((microUsd - estimate.inputMicroUsd * fair) / estimate.tokenMicroUsd);
  if (paid >= estimate.maxTokens) return body;
  const thinking = thinkingTokens(body);
  const least = Math.max(leastThinking, Math.floor(paid / 2));
  const less =
    thinking === undefined || thinking < paid ? {} : { thinking: { ...thinkingOf(body), budget_tokens: least } };
  return { ...body, max_tokens: paid, ...less };
}

const thinkingOf = ({ thinking }: MessagesRequest): Readonly<Record<string, unknown>> =>
  isRecord(thinking) ? thinking : {};

/** The part of the answer reserved for thinking, which must be smaller than the whole. */
function thinkingTokens(body: MessagesRequest): number | undefined {
  const { type, budget_tokens: tokens } = thinkingOf(body);
  return type === 'enabled' && typeof tokens === 'number' ? tokens : undefined;
}
