import { hostFault, isOpenName, type HostRule } from '../addresses/host-rules.js';
import { isInBlock } from '../addresses/internet-address.js';
import type { JobState } from './job-state.js';

export const webhookTypes = ['job.succeeded', 'job.failed', 'job.cancelled'] as const;
/** What a webhook message tells of: how a job has ended. */
export type WebhookType = (typeof webhookTypes)[number];

/** Where to send a message when a job is over. */
export interface Webhook {
  readonly url: string;
  /** The ends to tell of. Default: all. */
  readonly events?: readonly WebhookType[];
  /** Name of the tenant's secret that signs. Default `usualWebhookSecret`. */
  readonly secret?: string;
}

/** The secret that signs where the job names none. */
export const usualWebhookSecret = 'WEBHOOK_SECRET';

/** Maximum length of a webhook's URL, in characters. */
export const maxWebhookUrlLength = 2_000;

/** The parts of a parsed URL that matter here, as in the WHATWG URL standard. */
export interface UrlParts {
  readonly protocol: string;
  readonly username: string;
  readonly password: string;
  readonly hostname: string;
  readonly hash: string;
}

/**
 * What is wrong with the URL of a webhook; undefined for a valid one. `url` is undefined for a text that is none. Hosts of
 * the operator's (`hosts`) may be private, and need no TLS. What a name resolves to is checked when it is used.
 */
export function webhookUrlFault(url: UrlParts | undefined, hosts: readonly HostRule[]): string | undefined {
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) return 'must be an https: URL';
  if (url.username !== '' || url.password !== '') return 'must not contain a user or a password: messages are signed';
  if (url.hash !== '') return 'must not have a fragment';
  const host = bareHost(url);
  const fault = hostFault(host, hosts);
  if (fault !== undefined)
    return `must not point into the operator's own network (REMUDA_WEBHOOK_HOSTS allows hosts): ${host} ${fault}`;
  if (url.protocol === 'http:' && !isOperators(host, hosts))
    return 'must be an https: URL (http: only for hosts in REMUDA_WEBHOOK_HOSTS)';
  return undefined;
}

/** The host of a URL, without the brackets of an IPv6 address. */
export function bareHost({ hostname }: Pick<UrlParts, 'hostname'>): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/** Whether the operator named the host, or the block that its address is in. */
function isOperators(host: string, hosts: readonly HostRule[]): boolean {
  return isOpenName(host, hosts) || hosts.some((rule) => rule.kind === 'block' && isInBlock(host, rule.block));
}

/** The message of a job that ended in this state; undefined if its webhook does not ask for it. */
export function webhookTypeOf(state: JobState, { events = webhookTypes }: Webhook): WebhookType | undefined {
  return events.find((type) => type === `job.${state}`);
}

/**
 * Waits before the second and each further try, in ms: 28 hours altogether, as the Standard Webhooks specification
 * proposes.
 */
export const webhookDelaysMs: readonly number[] = [
  5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 36_000_000,
];

/** How often a message is tried at most. */
export const webhookTries = webhookDelaysMs.length + 1;

/** What came of a try: the receiver's status, or why there was none. */
export interface WebhookAnswer {
  /** HTTP status; absent if there was no answer. */
  readonly status?: number;
  /** The receiver's wish to wait, in ms. */
  readonly retryAfterMs?: number;
  /** The message cannot be sent as it is: another try would not change that. */
  readonly final?: boolean;
}

/** What follows from a try. */
export type AfterWebhookAnswer =
  { readonly kind: 'delivered' | 'failed' } | { readonly kind: 'again'; readonly afterMs: number };

/** A receiver's wish to wait is heard up to this, in ms. */
const maxRetryAfterMs = 86_400_000;

/**
 * Decides after the `tries`-th try (from 1): 2xx is a delivery, 410 ends it (the receiver wants no more), everything
 * else is tried again after the next wait, or after what the receiver asks for if that is longer. Pure.
 */
export function afterWebhookAnswer(
  tries: number,
  { status, retryAfterMs = 0, final }: WebhookAnswer,
): AfterWebhookAnswer {
  if (status !== undefined && status >= 200 && status < 300) return { kind: 'delivered' };
  const delayMs = webhookDelaysMs[tries - 1];
  if (final === true || status === 410 || delayMs === undefined) return { kind: 'failed' };
  return { kind: 'again', afterMs: Math.max(delayMs, Math.min(retryAfterMs, maxRetryAfterMs)) };
}
