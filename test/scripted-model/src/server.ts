import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import type { MessagesBody, Step } from './script.js';
import { Talk, type ModelRequest } from './talk.js';

/** How the server is started. */
export interface ScriptedModelOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Path of a unix socket to listen on instead of a port. */
  readonly socket?: string;
  /** Answers 401 to everything that doesn't show this key, as `x-api-key` or as bearer token. */
  readonly requireKey?: string;
  /** Answers prompts without a script with a small piece of work instead of `ok: …`. Default false. */
  readonly demo?: boolean;
}

/** A server that runs. */
export interface ScriptedModel {
  /** `http://host:port`, or `unix:/path`. */
  readonly url: string;
  /** Everything asked so far, in order of arrival. */
  readonly requests: readonly ModelRequest[];
  /** The body of the last request of an agent's own turn. */
  readonly lastMain: MessagesBody | undefined;
  /** Steps that answer the next main requests, before any script of a prompt. */
  queue(...steps: readonly Step[]): void;
  /** Resolves with the first request, past or to come, that fits. */
  seen(fits: (request: ModelRequest) => boolean): Promise<ModelRequest>;
  /** Forgets requests and queued steps. */
  reset(): void;
  /** Cuts what is under way and ends. Safe to call twice. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a Messages API that answers by script, as far as Claude Code uses it. Resolves when it listens. */
export async function startScriptedModel(options: ScriptedModelOptions = {}): Promise<ScriptedModel> {
  const talk = new Talk(options);
  const server = createServer((request, response) => void talk.answer(request, response));
  const url = await listen(server, options);
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url,
    requests: talk.requests,
    get lastMain() {
      return talk.requests.findLast((request) => request.main)?.body;
    },
    queue: (...steps) => void talk.queued.push(...steps.flatMap((step) => Array<Step>(step.times ?? 1).fill(step))),
    seen: (fits) => talk.seen(fits),
    reset: () => {
      talk.requests.length = 0;
      talk.queued.length = 0;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function listen(server: Server, { port = 0, host = '127.0.0.1', socket }: ScriptedModelOptions): Promise<string> {
  if (socket !== undefined) await rm(socket, { force: true });
  const listening = once(server, 'listening');
  if (socket === undefined) server.listen(port, host);
  else server.listen(socket);
  await listening;
  const address = server.address();
  return typeof address === 'object' && address !== null
    ? `http://${host}:${String(address.port)}`
    : `unix:${address ?? ''}`;
}
