import { isRecord, parseJson } from '@remuda/protocol';
import type { Usage } from '@remuda/domain';
import { costMicroUsd, noUsage, type PricedUsage } from '../budget/prices.js';

/** Usage of one model. */
interface Portion {
  readonly model: string;
  readonly usage: PricedUsage;
}

/** Usage of one answer so far. */
export interface Answer {
  readonly model: string;
  readonly usage: PricedUsage;
  /**
   * Additional usage that `usage` does not include: for compacting a conversation, and for advice from other models.
   */
  readonly besides: readonly Portion[];
  /** Whether the model reported its usage for reading the request, or that it did not answer. */
  readonly told: boolean;
  /** Characters of output since the model last reported its output tokens. */
  readonly uncounted: number;
}

/** An answer before its first event. */
export const noAnswer: Answer = {
  model: '',
  usage: noUsage,
  besides: [],
  told: false,
  uncounted: 0,
};

/** The answer after an event of its stream, or after a complete JSON answer (whose `type` is `message`). */
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
      return isRecord(value) ? afterDelta(answer, value['usage']) : answer;
    }
    case 'content_block_delta':
      return { ...answer, uncounted: answer.uncounted + Math.max(1, data.length - deltaEnvelope) };
    case 'error':
      return { ...answer, told: true };
    default:
      return answer;
  }
}

/** Characters of a delta event that are not output. */
const deltaEnvelope = 80;
/** A high estimate: English has about four. */
const charactersPerToken = 3;

/**
 * The answer of a stream that was cut before the model reported its output: estimated from the characters seen, so that
 * disconnecting early does not bypass the budget.
 */
export function afterCut(answer: Answer): Answer {
  const outputTokens = answer.usage.outputTokens + Math.ceil(answer.uncounted / charactersPerToken);
  return { ...answer, usage: { ...answer.usage, outputTokens }, uncounted: 0 };
}

/** Usage of an answer since the last count, and its price. */
export function usedSince(before: Answer, now: Answer): { readonly usage: Usage; readonly costMicroUsd: number } {
  const [was, is] = [portionsOf(before), portionsOf(now)];
  const more = (field: keyof Usage): number =>
    sum(is, ({ usage }) => usage[field]) - sum(was, ({ usage }) => usage[field]);
  const cost = ({ model, usage }: Portion): number => costMicroUsd(model, usage);
  return {
    usage: {
      inputTokens: more('inputTokens'),
      outputTokens: more('outputTokens'),
      cacheReadTokens: more('cacheReadTokens'),
      cacheWriteTokens: more('cacheWriteTokens'),
    },
    costMicroUsd: sum(is, cost) - sum(was, cost),
  };
}

const portionsOf = (answer: Answer): readonly Portion[] => [answer, ...answer.besides];
const sum = <T>(list: readonly T[], of: (each: T) => number): number => list.reduce((all, each) => all + of(each), 0);

function afterMessage(answer: Answer, message: unknown): Answer {
  if (!isRecord(message)) return answer;
  const model = typeof message['model'] === 'string' ? message['model'] : answer.model;
  return afterUsage({ ...answer, model }, message['usage']);
}

function afterDelta(answer: Answer, usage: unknown): Answer {
  const counted = isRecord(usage) && isCount(usage['output_tokens']);
  return { ...afterUsage(answer, usage), ...(counted ? { uncounted: 0 } : {}) };
}

function afterUsage(answer: Answer, value: unknown): Answer {
  const steps = isRecord(value) && Array.isArray(value['iterations']) ? (value['iterations'] as unknown[]) : undefined;
  const { model, usage } = answer;
  const besides = steps?.flatMap((step) =>
    isRecord(step) && step['type'] !== 'message'
      ? [{ model: typeof step['model'] === 'string' ? step['model'] : model, usage: readUsage(noUsage, step) }]
      : [],
  );
  const told = answer.told || (isRecord(value) && isCount(value['input_tokens']));
  return { ...answer, usage: readUsage(usage, value), besides: besides ?? answer.besides, told };
}

/** Later figures replace earlier ones: the API's figures are totals of the answer. */
function readUsage(known: PricedUsage, value: unknown): PricedUsage {
  if (!isRecord(value)) return known;
  const kept = isRecord(value['cache_creation']) ? value['cache_creation'] : {};
  const calls = isRecord(value['server_tool_use']) ? value['server_tool_use'] : {};
  return {
    inputTokens: count(value['input_tokens'], known.inputTokens),
    outputTokens: count(value['output_tokens'], known.outputTokens),
    cacheReadTokens: count(value['cache_read_input_tokens'], known.cacheReadTokens),
    cacheWriteTokens: count(value['cache_creation_input_tokens'], known.cacheWriteTokens),
    cacheWriteHourTokens: count(kept['ephemeral_1h_input_tokens'], known.cacheWriteHourTokens),
    fast: known.fast || value['speed'] === 'fast',
    webSearches: count(calls['web_search_requests'], known.webSearches),
    codeRuns: count(calls['code_execution_requests'], known.codeRuns),
  };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const count = (value: unknown, otherwise: number): number => (isCount(value) ? value : otherwise);
