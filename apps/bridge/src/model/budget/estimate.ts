import { isRecord } from '@remuda/protocol';
import { codeRunMicroUsd, costMicroUsd, noUsage, webSearchMicroUsd, type PricedUsage } from './prices.js';

/** What a request may cost, in micro-dollars: an estimate on the dear side. */
export interface Estimate {
  /** Reading it, whatever is answered. */
  readonly inputMicroUsd: number;
  /** Each token of the answer. */
  readonly tokenMicroUsd: number;
  /** The longest answer that it asks for, in tokens. */
  readonly maxTokens: number;
  /** Searches, runs of code and advice on the vendor's side. */
  readonly callsMicroUsd: number;
}

/** Bytes of a body for each token that it may be: English has about four. */
const bytesPerToken = 3;
/** The largest context of any model, in tokens: what is longer is refused there. */
const maxContext = 1_000_000;
/** The longest answer of any model, in tokens, for a request that names none. */
const longestAnswer = 128_000;
/** The most tokens of an image; and what a document of a few bytes may turn out to be. */
const pictureTokens = { image: 5_000, document: 100_000 } as const;
/** Calls of one server tool in a request that names no limit. */
const manyCalls = 10;

/** What a request may cost; `raw` is its body as it will be sent. Of several models that may answer it, the dearest counts. */
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

/** The most that a request may cost, in whole micro-dollars. */
export function mostMicroUsd({ inputMicroUsd, tokenMicroUsd, maxTokens, callsMicroUsd: calls }: Estimate): number {
  return Math.ceil(inputMicroUsd + tokenMicroUsd * maxTokens + calls);
}

/** What is to be kept costs more, and most for an hour. In JSON a quote within a text is escaped, so that no text looks like that. */
function readAs(tokens: number, raw: Buffer): Partial<PricedUsage> {
  if (raw.includes('"ttl":"1h"')) return { cacheWriteTokens: tokens, cacheWriteHourTokens: tokens };
  return raw.includes('"cache_control":') ? { cacheWriteTokens: tokens } : { inputTokens: tokens };
}

function modelsIn({ model, fallbacks, tools }: Readonly<Record<string, unknown>>): readonly string[] {
  const more = [fallbacks, tools].flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []));
  const named = [model, ...more.map((each) => (isRecord(each) ? each['model'] : undefined))];
  return named.filter((name) => typeof name === 'string');
}

/** Each call has the conversation read once more, with what it brought. */
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

/** Images and documents count by what they are: their bytes are no text. */
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
