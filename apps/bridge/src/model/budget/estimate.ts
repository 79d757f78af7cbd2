import { isRecord } from '@remuda/protocol';
import { codeRunMicroUsd, costMicroUsd, noUsage, webSearchMicroUsd, type PricedUsage } from './prices.js';

/** The maximum cost of a request, in micro-dollars: a high estimate. */
export interface Estimate {
  /** Reading it, independent of the answer. */
  readonly inputMicroUsd: number;
  /** Per token of the answer. */
  readonly tokenMicroUsd: number;
  /** The maximum length of the answer, in tokens. */
  readonly maxTokens: number;
  /** Searches, code execution and advice on the vendor's side. */
  readonly callsMicroUsd: number;
}

/** Bytes of a body per token, at worst: English has about four. */
const bytesPerToken = 3;
/** The largest context of any model, in tokens: the model API refuses longer ones. */
const maxContext = 1_000_000;
/** The longest answer of any model, in tokens, for a request that sets no limit. */
const longestAnswer = 128_000;
/** The maximum tokens of an image, and of a document of a few bytes. */
const pictureTokens = { image: 5_000, document: 100_000 } as const;
/** Calls of one server tool in a request that sets no limit. */
const manyCalls = 10;

/**
 * The maximum cost of a request; `raw` is its body as it will be sent. If several models may answer it, the most
 * expensive counts.
 */
export function estimate(body: Readonly<Record<string, unknown>>, raw: Buffer): Estimate {
  const pictures = [...picturesIn(body['messages'])];
  const data = pictures.reduce((all, each) => all + each.dataBytes, 0);
  const pictured = pictures.reduce((all, each) => all + each.tokens, 0);
  const tokens = Math.min(maxContext, Math.ceil((raw.length - data) / bytesPerToken) + pictured);
  const fast = body['speed'] === 'fast';
  const models = modelsIn(body);
  const dearest = (usage: Partial<PricedUsage>): number =>
    Math.max(...models.map((model) => costMicroUsd(model, { ...noUsage, fast, ...usage })));
  const { max_tokens: asked } = body;
  return {
    inputMicroUsd: dearest(readAs(tokens, raw)),
    tokenMicroUsd: dearest({ outputTokens: 1_000 }) / 1_000,
    maxTokens: typeof asked === 'number' ? asked : longestAnswer,
    callsMicroUsd: callsMicroUsd(body['tools'], dearest({ inputTokens: tokens, outputTokens: 4_000 })),
  };
}

/** The maximum cost of the request, in whole micro-dollars. */
export function mostMicroUsd({ inputMicroUsd, tokenMicroUsd, maxTokens, callsMicroUsd: calls }: Estimate): number {
  return Math.ceil(inputMicroUsd + tokenMicroUsd * maxTokens + calls);
}

/**
 * Cache writes cost more, and most for an hour. A quote within a JSON string is escaped, so that no text can look like
 * this.
 */
function readAs(tokens: number, raw: Buffer): Partial<PricedUsage> {
  if (raw.includes('"ttl":"1h"')) return { cacheWriteTokens: tokens, cacheWriteHourTokens: tokens };
  return raw.includes('"cache_control":') ? { cacheWriteTokens: tokens } : { inputTokens: tokens };
}

function modelsIn({ model, fallbacks, tools }: Readonly<Record<string, unknown>>): readonly string[] {
  const more = [fallbacks, tools].flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []));
  const named = [model, ...more.map((each) => (isRecord(each) ? each['model'] : undefined))];
  return named.filter((name) => typeof name === 'string');
}

/** Each call makes the model read the conversation again, with its result. */
function callsMicroUsd(tools: unknown, againMicroUsd: number): number {
  let sum = 0;
  for (const tool of Array.isArray(tools) ? (tools as unknown[]) : []) {
    const { type, max_uses: asked } = isRecord(tool) ? tool : {};
    const own = typeof type === 'string' ? callPrices.find(([shape]) => shape.test(type))?.[1] : undefined;
    if (own !== undefined) sum += (typeof asked === 'number' && asked > 0 ? asked : manyCalls) * (own + againMicroUsd);
  }
  return sum;
}

const callPrices: readonly (readonly [RegExp, number])[] = [
  [/^web_search_/, webSearchMicroUsd],
  [/^code_execution_/, codeRunMicroUsd],
  [/^(web_fetch_|advisor_|mcp_toolset)/, 0],
];

interface Picture {
  readonly dataBytes: number;
  readonly tokens: number;
}

/** Images and documents count by type: their bytes are not text. */
function* picturesIn(value: unknown): Generator<Picture> {
  if (Array.isArray(value)) for (const each of value as readonly unknown[]) yield* picturesIn(each);
  if (!isRecord(value)) return;
  const { type, source } = value;
  if ((type === 'image' || type === 'document') && isRecord(source) && source['type'] !== 'text') {
    const data = typeof source['data'] === 'string' ? source['data'].length : 0;
    const tokens = pictureTokens[type];
    yield { dataBytes: data, tokens: type === 'image' ? tokens : Math.max(tokens, Math.ceil(data / bytesPerToken)) };
  }
  yield* picturesIn(value['content']);
}
