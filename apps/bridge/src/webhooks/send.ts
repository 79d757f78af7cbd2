import type { Clock, HostRule, SecretVault, WebhookAnswer, WebhookMessage } from '@remuda/domain';
import type { Resolve } from '../git/reach.js';
import { post } from './post.js';
import { receiverOf } from './receiver.js';
import { signedHeaders, type SignedHeaders } from './signature.js';

/** Dependencies of sending. */
export interface SendParts {
  readonly vault: SecretVault;
  readonly hosts: readonly HostRule[];
  readonly resolve: Resolve;
  readonly clock: Clock;
  /** Ends tries under way. */
  readonly signal: AbortSignal;
}

/** What came of a try, and why there was no 2xx. */
export type SentAnswer = WebhookAnswer & { readonly failure?: string };

/** Signs and sends a message once. Never rejects. */
export async function sendWebhook(message: WebhookMessage, parts: SendParts): Promise<SentAnswer> {
  const { hosts, resolve, signal, clock } = parts;
  const receiver = await receiverOf(message.url, hosts, resolve);
  if ('failure' in receiver) return receiver;
  const headers = await headersOf(message, parts);
  if (typeof headers === 'string') return { failure: headers };
  try {
    const { url, body } = message;
    const { addresses } = receiver;
    const answer = await post(
      { url, body, addresses, headers: { ...usualHeaders, ...headers }, now: clock.now() },
      signal,
    );
    const { status = 0 } = answer;
    return status >= 200 && status < 300 ? answer : { ...answer, failure: failureOf(status) };
  } catch (error) {
    return { failure: `No answer: ${reasonOf(error)}.` };
  }
}

const usualHeaders = { 'content-type': 'application/json', 'user-agent': 'Remuda-Webhooks/1' };

/** The signed headers, or why there are none: a secret may be there at the next try. */
async function headersOf(message: WebhookMessage, { vault, clock }: SendParts): Promise<SignedHeaders | string> {
  const { tenant, secret: name } = message;
  try {
    const secret = await vault.find(tenant, name);
    if (secret === undefined) return `The bridge has no secret ${name} of the tenant to sign with.`;
    return signedHeaders(secret, message, clock.now());
  } catch {
    return `The secret ${name} is no key: expected whsec_ and base64, or a text.`;
  }
}

function failureOf(status: number): string {
  const redirected = status >= 300 && status < 400;
  return `HTTP ${String(status)}${redirected ? ' (redirects are not followed)' : ''}`;
}

function reasonOf(error: unknown): string {
  const { name, code, message } = error as NodeJS.ErrnoException;
  if (name === 'TimeoutError' || name === 'AbortError') return 'the time is up';
  return code ?? message;
}
