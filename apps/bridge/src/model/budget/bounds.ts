import { isRecord } from '@remuda/protocol';
import type { MessagesRequest } from '../content/request-check.js';
import { mostMicroUsd, type Estimate } from './estimate.js';

/** What is left of a budget has to be enough for so long an answer, in tokens, or for all that was asked for. */
const shortAnswer = 1_024;
/** The API takes no smaller part of an answer for thinking, in tokens. */
const leastThinking = 1_024;
/** How much of what reading may cost it costs at least: English has four bytes for each token, not three. */
const fair = 3 / 4;

/** What has to be left of a budget for a request to begin, in micro-dollars: reading it, and a short answer. */
export function leastMicroUsd(body: MessagesRequest, estimate: Estimate): number {
  const tokens = Math.min(estimate.maxTokens, shortAnswer + (thinkingTokens(body) === undefined ? 0 : leastThinking));
  return Math.ceil(estimate.inputMicroUsd * fair + tokens * estimate.tokenMicroUsd);
}

/** The request, with an answer no longer than so many micro-dollars pay for. */
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

/** The part of the answer that is set aside for thinking, which has to be smaller than the whole. */
function thinkingTokens(body: MessagesRequest): number | undefined {
  const { type, budget_tokens: tokens } = thinkingOf(body);
  return type === 'enabled' && typeof tokens === 'number' ? tokens : undefined;
}
