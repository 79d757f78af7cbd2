import type { Usage } from '@remuda/domain';
import { readModelName, type Family } from '../question/model-name.js';

/** US dollars per million tokens. */
interface Price {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  /** Cached for five minutes. */
  readonly cacheWrite: number;
  /** Cached for an hour. */
  readonly cacheWriteHour: number;
}

const price = (input: number, output: number, cacheRead = input / 10): Price => ({
  input,
  output,
  cacheRead,
  cacheWrite: input * 1.25,
  cacheWriteHour: input * 2,
});

/** Price of all models that are not in the table. */
const dearest = price(15, 75);

/**
 * List prices of https://platform.claude.com/docs/en/about-claude/pricing as of November 2026, by family; the first
 * matching version counts. An estimate for `maxBudgetUsd` and for the reported costs of jobs: no discounts, and the
 * highest price of a model that has several. The vendor's bill is authoritative.
 */
const table: Readonly<Record<Family, readonly (readonly [RegExp, Price])[]>> = {
  opus: [
    [/^5-5$/, price(4, 20, 0.2)],
    [/^(5|4-[5-9])$/, price(5, 25)],
  ],
  fable: [[/^/, price(10, 50)]],
  mythos: [[/^/, price(10, 50)]],
  sonnet: [
    [/^5(-5)?$/, price(2, 10)],
    [/^[34]/, price(3, 15)],
  ],
  haiku: [
    [/^5-5$/, price(0.5, 2.5)],
    [/^[345]/, price(1, 5)],
  ],
};

/** Fast answers of one model cost up to six times its list price. */
const fastFactor = 6;
/** Ten dollars per thousand searches. */
export const webSearchMicroUsd = 10_000;
/** Five cents per container hour: each run counts as one. */
export const codeRunMicroUsd = 50_000;

/** Tokens of one answer, with everything else that determines the price. */
export interface PricedUsage extends Usage {
  /** The part of `cacheWriteTokens` that is cached for an hour. */
  readonly cacheWriteHourTokens: number;
  readonly fast: boolean;
  /** Searches and code execution on the vendor's side. */
  readonly webSearches: number;
  readonly codeRuns: number;
}

/** An answer that used nothing. */
export const noUsage: PricedUsage = {
  ...{ inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, cacheWriteHourTokens: 0 },
  ...{ fast: false, webSearches: 0, codeRuns: 0 },
};

/**
 * Estimated price of an answer in whole micro-dollars. A model that is not in the table counts as the most expensive
 * one.
 */
export function costMicroUsd(model: string, usage: PricedUsage): number {
  const each = priceOf(model);
  const sum =
    usage.inputTokens * each.input +
    usage.outputTokens * each.output +
    usage.cacheReadTokens * each.cacheRead +
    (usage.cacheWriteTokens - usage.cacheWriteHourTokens) * each.cacheWrite +
    usage.cacheWriteHourTokens * each.cacheWriteHour;
  const calls = usage.webSearches * webSearchMicroUsd + usage.codeRuns * codeRunMicroUsd;
  return Math.ceil(sum * (usage.fast ? fastFactor : 1) + calls);
}

function priceOf(model: string): Price {
  const name = readModelName(model);
  return (name && table[name.family].find(([version]) => version.test(name.version))?.[1]) ?? dearest;
}
