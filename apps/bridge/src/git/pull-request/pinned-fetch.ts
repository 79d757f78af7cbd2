import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { pinnedLookup } from '../../egress/pinned.js';

/** How long one request to a host's API may take, to the end of its answer, in ms. */
export const apiMs = 15_000;
/** Maximum length of an answer, in bytes. */
const maxAnswerBytes = 4 * 1024 * 1024;

/** What is sent. */
export interface PinnedRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

/**
 * A `fetch` that connects to these addresses only, and follows no redirects: with a token in it, no request goes where nothing was
 * checked. Rejects if there is no whole answer within `ms`.
 */
export function pinnedFetch(addresses: readonly string[], ms = apiMs) {
  return (url: string, { method = 'GET', headers, body, signal }: PinnedRequest = {}): Promise<Response> =>
    new Promise((resolve, reject) => {
      const limit = AbortSignal.timeout(ms);
      const request = url.startsWith('https:') ? requestHttps : requestHttp;
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const sent = request(
        url,
        {
          ...{ method, headers: { ...headers, ...length }, agent: false, lookup: pinnedLookup(addresses) },
          signal: signal ? AbortSignal.any([limit, signal]) : limit,
        },
        (answer) => {
          responseOf(answer).then(resolve, reject);
        },
      );
      sent.on('error', (error) => {
        reject(limit.aborted ? new Error(`no answer within ${String(ms)} ms`) : error);
      });
      sent.end(body);
    });
}

async function responseOf(answer: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new Error(`an answer of more than ${String(maxAnswerBytes)} bytes`);
    chunks.push(chunk);
  }
  const headers = Object.entries(answer.headers).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as [string, string]] : [],
  );
  const status = answer.statusCode ?? 500;
  const hasBody = ![204, 205, 304].includes(status);
  return new Response(hasBody ? Buffer.concat(chunks) : null, { status, headers });
}
