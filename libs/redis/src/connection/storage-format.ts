import { RemudaError } from '@remuda/domain';
import { formatsText, planStorage, storageFormats, type Formats } from '@remuda/protocol';
import { clientOf, type RedisConnection } from './redis-connection.js';
import { isBusy, isOutage } from './redis-error.js';
import type { RedisKeys } from '../keys.js';
import { defineScript } from '../script/define-script.js';

/** Makes keys of one format those of the next one. What was begun and broken off is begun again. */
export type Translation = (connection: RedisConnection, keys: RedisKeys) => Promise<void>;

/** By the format that each begins from. */
export type Translations = Readonly<Record<number, Translation>>;

/** There is one format so far. */
const translations: Translations = {};

/** Writes a format down where there is still the one that was found, or '' for none. Gives 0 where it has changed meanwhile, else 1. */
const raiseScript = defineScript(
  { keys: ['format'], args: ['found', 'own'] },
  `
if (redis.call('GET', formatKey) or '') ~= found then return 0 end
redis.call('SET', formatKey, own)
return 1
`,
);

/**
 * Looks whether this release understands the keys that are there, and makes them its own where it does: translates older ones, and writes
 * its number down. Refuses with `format.unsupported`, before anything is touched. Others may do the same at the same time.
 */
export async function settleFormat(
  connection: RedisConnection,
  keys: RedisKeys,
  formats: Formats = storageFormats,
  steps: Translations = translations,
): Promise<void> {
  const redis = clientOf(connection);
  for (;;) {
    const found = (await redis.get(keys.format)) ?? undefined;
    const plan = planStorage(found, formats);
    if (plan.kind === 'keep') return;
    if (plan.kind === 'refuse') throw refusal(found ?? '1', plan.why, keys, formats);
    for (let from = plan.from; from < formats.own; from++) await steps[from]?.(connection, keys);
    const args = { found: found ?? '', own: formats.own };
    if ((await raiseScript.run(redis, { keys: { format: keys.format }, args })) === 1) return;
  }
}

const reasons = {
  newer: 'A newer release has used this Redis: start that one, or restore an earlier copy of Redis.',
  outdated: 'They are too old for this release: start an intermediate release first.',
  unreadable: 'It is not a format number.',
} as const;

function refusal(found: string, why: keyof typeof reasons, { format }: RedisKeys, formats: Formats): RemudaError {
  return new RemudaError(
    'format.unsupported',
    `The keys in Redis have the format ${JSON.stringify(found)} (${format}), but this release knows ${formatsText(formats)}. ${reasons[why]}`,
  );
}

/** How the check at an app's start is waited for. */
export interface FormatCheck {
  /** How long the start waits for Redis, in ms. */
  readonly patienceMs: number;
  /** Told when the app had begun without Redis, and the keys turn out to be none that it understands. */
  readonly onRefused: (error: unknown) => void;
}

/**
 * The same at the start of an app that begins also while Redis is away: resolves when it was settled, or after `patienceMs`, and then
 * goes on as soon as Redis answers.
 */
export async function checkFormat(
  connection: RedisConnection,
  keys: RedisKeys,
  { patienceMs, onRefused }: FormatCheck,
): Promise<void> {
  const settled = settleWhenThere(connection, keys);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => (timer = setTimeout(() => resolve('late'), patienceMs)));
  try {
    if ((await Promise.race([settled, late])) === 'late') settled.catch(onRefused);
  } finally {
    clearTimeout(timer);
  }
}

async function settleWhenThere(connection: RedisConnection, keys: RedisKeys): Promise<void> {
  for (;;) {
    if (!connection.isUp) await new Promise<void>((resolve) => clientOf(connection).once('ready', () => resolve()));
    try {
      await settleFormat(connection, keys);
      return;
    } catch (error) {
      if (!isOutage(error) && !isBusy(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}

/** Pause before it is looked again, where Redis went away or has no time, in ms. */
const retryMs = 200;
