import { isRecord, parseJson } from '@remuda/protocol';
import type { Usage } from '@remuda/domain';
import { costMicroUsd, type PricedUsage } from './prices.js';

/** What one answer of the model has been seen to use so far. */
export interface Answer {
  readonly model: string;
  readonly usage: PricedUsage;
  /** Characters of output seen since the model last said how many tokens it wrote. */
  readonly uncounted: number;
}

/** An answer of which nothing was seen yet. */
export const noAnswer: Answer = {
  model: '',
  usage: {
    inputTokens: 0,
    outputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    cacheWriteHourTokens: 0,
    fast: false,
  },
  uncounted: 0,
};

/** The answer after an event of its stream, or after a whole answer in JSON (whose `type` is `message`). */
export function afterEvent(answer: Answer, type: string, data: string): Answer {
  switch (type) {
    case 'message_start': {
      const value = parseJson(data);
      return isRecord(value) ? afterMessage(answer, value['message']) : answer;
    }
    case 'message':
      return afterMessage(answer, parseJson(data));
    case 'message_delta': {
      const value = parseJson(data);
      return isRecord(value) ? { ...answer, usage: readUsage(answer.usage, value['usage']), uncounted: 0 } : answer;
    }
    case 'content_block_delta':
      return { ...answer, uncounted: answer.uncounted + Math.max(1, data.length - deltaEnvelope) };
    default:
      return answer;
  }
}

/** Characters of a delta event that are not output. */
const deltaEnvelope = 80;
/** On the dear side: English has about four. */
const charactersPerToken = 3;

/**
 * The answer of a stream that was cut before the model said how much it wrote: estimated by the characters seen, so
 * that hanging up early is no way round the budget.
 */
export function afterCut(answer: Answer): Answer {
  const outputTokens = answer.usage.outputTokens + Math.ceil(answer.uncounted / charactersPerToken);
  return { ...answer, usage: { ...answer.usage, outputTokens }, uncounted: 0 };
}

/** What came to an answer between two looks at it, and its price. */
export function usedSince(before: Answer, now: Answer): { readonly usage: Usage; readonly costMicroUsd: number } {
  const more = (field: keyof Usage): number => now.usage[field] - before.usage[field];
  return {
    usage: {
      inputTokens: more('inputTokens'),
      outputTokens: more('outputTokens'),
      cacheReadTokens: more('cacheReadTokens'),
      cacheWriteTokens: more('cacheWriteTokens'),
    },
    costMicroUsd: costMicroUsd(now.model, now.usage) - costMicroUsd(before.model, before.usage),
  };
}

function afterMessage(answer: Answer, message: unknown): Answer {
  if (!isRecord(message)) return answer;
  const model = typeof message['model'] === 'string' ? message['model'] : answer.model;
  return { ...answer, model, usage: readUsage(answer.usage, message['usage']) };
}

/** Later figures replace earlier ones: those of the API are sums over the answer. */
function readUsage(known: PricedUsage, value: unknown): PricedUsage {
  if (!isRecord(value)) return known;
  const kept = isRecord(value['cache_creation']) ? value['cache_creation'] : {};
  return {
    inputTokens: count(value['input_tokens'], known.inputTokens),
    outputTokens: count(value['output_tokens'], known.outputTokens),
    cacheReadTokens: count(value['cache_read_input_tokens'], known.cacheReadTokens),
    cacheWriteTokens: count(value['cache_creation_input_tokens'], known.cacheWriteTokens),
    cacheWriteHourTokens: count(kept['ephemeral_1h_input_tokens'], known.cacheWriteHourTokens),
    fast: known.fast || value['speed'] === 'fast',
  };
}

function count(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : otherwise;
}
