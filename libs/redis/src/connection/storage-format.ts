import { RemudaError } from '@remuda/domain';
import { formatsText, planStorage, storageFormats, type Formats } from '@remuda/protocol';
import { clientOf, type RedisConnection } from './redis-connection.js';
import { isBusy, isOutage } from './redis-error.js';
import type { RedisKeys } from '../keys.js';
import { defineScript } from '../script/define-script.js';

/** Migrates keys of one format to the next one. An interrupted migration is started again. */
export type Translation = (connection: RedisConnection, keys: RedisKeys) => Promise<void>;

/** By the format that each starts from. */
export type Translations = Readonly<Record<number, Translation>>;

/** There is one format so far. */
const translations: Translations = {};

/** Writes the format if the found one is still there, or '' for none. Returns 0 if it has changed meanwhile, else 1. */
const raiseScript = defineScript(
  { keys: ['format'], args: ['found', 'own'] },
  `
if (redis.call('GET', formatKey) or '') ~= found then return 0 end
redis.call('SET', formatKey, own)
return 1
`,
);

/**
 * Checks whether this release understands the existing keys, and migrates older ones if it can. Refuses with
 * `format.unsupported`, before anything is changed. Others may do the same concurrently.
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

/** How an app's start waits for the check. */
export interface FormatCheck {
  /** How long the start waits for Redis, in ms. */
  readonly patienceMs: number;
  /** Called if the app had started without Redis, and its keys turn out to be unsupported. */
  readonly onRefused: (error: unknown) => void;
}

/**
 * The same for an app that also starts during an outage of Redis: resolves when it was settled, or after `patienceMs`,
 * and then continues as soon as Redis answers.
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

/** Delay before the next check, if Redis went down or is busy, in ms. */
const retryMs = 200;
