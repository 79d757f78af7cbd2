import type { Usage } from '@remuda/domain';

/** US dollars per million tokens. */
interface Price {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  /** Kept for five minutes. */
  readonly cacheWrite: number;
  /** Kept for an hour. */
  readonly cacheWriteHour: number;
}

const price = (input: number, output: number, cacheRead = input / 10): Price => ({
  input,
  output,
  cacheRead,
  cacheWrite: input * 1.25,
  cacheWriteHour: input * 2,
});

const dearest = price(15, 75);

/**
 * List prices of https://platform.claude.com/docs/en/about-claude/pricing as of November 2026; the first row that
 * fits counts. An estimate for `maxBudgetUsd` and nothing else: no discounts, no charges for server tools, and where a
 * model has several prices the higher one. What the account is billed, the vendor says.
 */
const table: readonly (readonly [RegExp, Price])[] = [
  [/opus-5-5/, price(4, 20, 0.2)],
  [/opus-(5|4-[5-9])(?!\d)/, price(5, 25)],
  [/opus/, dearest],
  [/fable|mythos/, price(10, 50)],
  [/sonnet-5(?!\d)/, price(2, 10)],
  [/sonnet/, price(3, 15)],
  [/haiku-5-5/, price(0.5, 2.5)],
  [/haiku/, price(1, 5)],
];

/** Fast answers of one model cost up to six times its list price. */
const fastFactor = 6;

/** Tokens of one answer, with what the price depends on besides. */
export interface PricedUsage extends Usage {
  /** The part of `cacheWriteTokens` that is kept for an hour. */
  readonly cacheWriteHourTokens: number;
  readonly fast: boolean;
}

/** An answer is rarely longer, in tokens. */
const longAnswer = 64_000;
/** Bytes of a body for each token that it may be: on the dear side, English has about four. */
const bytesPerToken = 3;

/** The most that a request with a body of so many bytes may cost, by the dearest of the models, in whole micro-dollars. An estimate. */
export function mostMicroUsd(models: readonly string[], bodyBytes: number): number {
  const tokens = Math.ceil(bodyBytes / bytesPerToken);
  const usage: PricedUsage = {
    ...{ inputTokens: 0, outputTokens: longAnswer, cacheReadTokens: 0, fast: false },
    ...{ cacheWriteTokens: tokens, cacheWriteHourTokens: tokens },
  };
  return Math.max(0, ...models.map((model) => costMicroUsd(model, usage)));
}

/** Estimated price of an answer in whole micro-dollars. A model that is not in the table counts as the dearest. */
export function costMicroUsd(model: string, usage: PricedUsage): number {
  const each = table.find(([pattern]) => pattern.test(model))?.[1] ?? dearest;
  const sum =
    usage.inputTokens * each.input +
    usage.outputTokens * each.output +
    usage.cacheReadTokens * each.cacheRead +
    (usage.cacheWriteTokens - usage.cacheWriteHourTokens) * each.cacheWrite +
    usage.cacheWriteHourTokens * each.cacheWriteHour;
  return Math.ceil(sum * (usage.fast ? fastFactor : 1));
}
