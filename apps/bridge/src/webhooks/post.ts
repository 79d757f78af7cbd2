import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { WebhookAnswer } from '@remuda/domain';
import { pinnedLookup } from '../egress/pinned.js';

/** How long one try may take, from the connection to the end of the answer, in ms: the specification proposes 15 to 30 s. */
export const postMs = 15_000;
/** Of an answer's body no more is read than this, in bytes: nobody needs it. */
const maxAnswerBytes = 65_536;

/** A request that is ready to be sent. */
export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The addresses that were checked. */
  readonly addresses: readonly string[];
  /** Epoch ms. */
  readonly now: number;
}

/** Posts a message once. Redirects are not followed. Resolves with the status; rejects if there is no answer in time. */
export async function post({ url, headers, body, addresses, now }: Post, signal: AbortSignal): Promise<WebhookAnswer> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        // a connection of its own: one that is kept might lead to an address that is no longer that of the name
        agent: false,
        lookup: pinnedLookup(addresses),
        signal: AbortSignal.any([signal, AbortSignal.timeout(postMs)]),
      },
      (answer) => {
        answer.on('error', reject);
        drop(answer);
        resolve(answerOf(answer, now));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

function answerOf({ statusCode, headers }: IncomingMessage, now: number): WebhookAnswer {
  const retryAfterMs = retryAfterOf(headers['retry-after'], now);
  return {
    ...(statusCode === undefined ? {} : { status: statusCode }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** `Retry-After` in seconds or as a date, in ms from now; undefined for neither. */
function retryAfterOf(text = '', now: number): number | undefined {
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** Reads a body to its end if it is short, so that the receiver sees no broken connection; otherwise closes it. */
function drop(answer: IncomingMessage): void {
  let bytes = 0;
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) answer.destroy();
  });
}
