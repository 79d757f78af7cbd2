import { createProxyServer } from 'httpxy';
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { hideAccount } from '../request/headers.js';
import { limitConnect, type Upstream } from './upstream.js';

/**
 * How a request ended: the model `answered` it or `declined` it (status 400 and above), the model's side was `cut` in
 * mid-answer, the client `left`, or nothing was answered yet and the bridge must answer: the model is `unreachable`.
 */
export type Passage = 'answered' | 'declined' | 'cut' | 'left' | 'unreachable';

/** The request to the model. */
export interface Outgoing {
  /** Without a credential; the content length is added. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** May read the answer while it passes. */
  readonly onAnswer: (answer: IncomingMessage) => void;
}

/** A request at the bridge, and its response. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Passes a request on to the model and the answer back as it arrives. Backpressure works in both directions, and a
 * client that disconnects aborts the request to the model. Resolves with the first event that ended it, never rejects.
 *
 * httpxy, because of the proxies that run on Node 20 it is the one that is maintained, is small (no dependencies),
 * streams, aborts the upstream request with the client's and allows reading the answer; http-proxy-3 needs Node 22,
 * reply-from needs Fastify.
 */
export function forward(
  { request, response }: Exchange,
  upstream: Upstream,
  { headers, body, onAnswer }: Outgoing,
): Promise<Passage> {
  return new Promise((resolve) => {
    let outgoing: ClientRequest | undefined;
    const buffer = Readable.from([body]);
    const proxy = createProxyServer({ target: upstream.url, agent: upstream.agent, changeOrigin: true, buffer });
    const end = (passage: Passage): void => {
      resolve(passage);
      if (passage !== 'answered' && passage !== 'declined') outgoing?.destroy();
    };
    proxy.on('proxyReq', (proxyRequest) => {
      outgoing = proxyRequest;
      limitConnect(proxyRequest, upstream.connectTimeoutMs);
    });
    proxy.on('proxyRes', (answer) => {
      hideAccount(answer.headers);
      answer.once('error', () => {
        end('cut');
      });
      onAnswer(answer);
    });
    proxy.on('error', () => {
      end(response.headersSent ? 'cut' : 'unreachable');
    });
    response.once('finish', () => {
      end(response.statusCode < 400 ? 'answered' : 'declined');
    });
    response.once('close', () => {
      end('left');
    });
    request.headers = { ...upstream.credential.sign({ ...headers }), 'content-length': String(body.length) };
    proxy.web(request, response).catch(() => {
      end('cut');
    });
  });
}
