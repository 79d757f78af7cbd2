import { createProxyServer } from 'httpxy';
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { hideAccount } from '../question/headers.js';
import { limitConnect, type Upstream } from './upstream.js';

/**
 * How a request went on its way: the model `answered` it or `declined` it (status 400 and above), the model's side was
 * `cut` in mid-answer, the client `left`, or nothing was answered yet and the bridge has to: the model is `unreachable`.
 */
export type Passage = 'answered' | 'declined' | 'cut' | 'left' | 'unreachable';

/** What goes on to the model. */
export interface Outgoing {
  /** Without a credential; the body's length is added. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** May read along with the answer. */
  readonly onAnswer: (answer: IncomingMessage) => void;
}

/** A request at the bridge, and the way back. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Passes a request on to the model and the answer back as it comes; whoever is slow holds up the other side, and
 * a client that goes takes the request to the model with it. Resolves with the first thing that ended the passage, never
 * rejects.
 *
 * httpxy, because of the proxies that run on Node 20 it is the one that is kept up, is small (no dependencies), streams,
 * ends the far request with the near one and lets one read along; http-proxy-3 wants Node 22, reply-from a Fastify.
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
