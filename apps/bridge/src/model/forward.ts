import { createProxyServer } from 'httpxy';
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Transform } from 'node:stream';
import { bodyLimit } from './body-limit.js';
import { hideAccount, outgoingHeaders } from './headers.js';
import { limitConnect, type Upstream } from './upstream.js';

/**
 * How a request went on its way: the model `answered` it or `declined` it (status 400 and above), the model's side was
 * `cut` in mid-answer, the client `left`, or nothing was answered yet and the bridge has to: the model is `unreachable`,
 * the body `too_large`, or it asks for a `model` that is not allowed.
 */
export type Passage = 'answered' | 'declined' | 'cut' | 'left' | 'unreachable' | 'too_large' | 'model';

/** What watches a passage. */
export interface Lookout {
  /** What the body passes through before it goes on, if anything: it may fail with `ModelNotAllowed`. */
  readonly gate?: Transform | undefined;
  /** May read along with the answer. */
  readonly onAnswer: (answer: IncomingMessage) => void;
}

/** A request at the bridge, and the way back. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Passes a request on to the model and the answer back, both as they come; whoever is slow holds up the other side, and
 * a client that goes takes the request to the model with it. Resolves with the first thing that ended the passage, never
 * rejects.
 *
 * httpxy, because of the proxies that run on Node 20 it is the one that is kept up, is small (no dependencies), streams,
 * ends the far request with the near one and lets one read along; http-proxy-3 wants Node 22, reply-from a Fastify.
 */
export function forward(
  { request, response }: Exchange,
  upstream: Upstream,
  { gate, onAnswer }: Lookout,
): Promise<Passage> {
  return new Promise((resolve) => {
    let outgoing: ClientRequest | undefined;
    const limit = bodyLimit();
    const body = gate ? limit.pipe(gate) : limit;
    const proxy = createProxyServer({ target: upstream.url, agent: upstream.agent, changeOrigin: true, buffer: body });
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
    limit.once('error', () => {
      end('too_large');
    });
    gate?.once('error', () => {
      end('model');
      // The rest is read and thrown away: closed at once, the client might not hear why.
      request.unpipe(limit).resume();
    });
    response.once('finish', () => {
      end(response.statusCode < 400 ? 'answered' : 'declined');
    });
    response.once('close', () => {
      end('left');
    });
    request.headers = upstream.credential.sign(outgoingHeaders(request.headers));
    request.pipe(limit);
    proxy.web(request, response).catch(() => {
      end('cut');
    });
  });
}
