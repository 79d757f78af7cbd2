import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerOf, messageOf, type Answer } from './answer.js';
import { demoSteps } from './demo.js';
import { chooseStep, isMain, type MessagesBody, type Step, type StepError } from './script.js';
import { streamAnswer, type Sink } from './sse.js';

/** One request as it came in. `at` is epoch ms with fractions, when its headers arrived. */
export interface ModelRequest {
  readonly n: number;
  readonly kind: 'messages' | 'count_tokens' | 'head' | 'other';
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The key it showed, by `x-api-key` or `authorization: Bearer`. */
  readonly key?: string;
  /** Of `messages`: whether it is the agent's own turn (it has tools). */
  readonly main: boolean;
  readonly body?: MessagesBody;
  readonly status?: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** All that one server has been asked, and what it will say. */
export class Talk {
  readonly requests: Mutable<ModelRequest>[] = [];
  readonly queued: Step[] = [];
  readonly #watchers = new Set<(request: ModelRequest) => void>();
  /** Sets its messages apart from those of other servers: a session may come from one to the other. */
  readonly #name = randomBytes(4).toString('hex');

  constructor(private readonly options: { readonly requireKey?: string; readonly demo?: boolean }) {}

  seen(fits: (request: ModelRequest) => boolean): Promise<ModelRequest> {
    const past = this.requests.find(fits);
    if (past) return Promise.resolve(past);
    return new Promise((resolve) => {
      const watch = (request: ModelRequest): void => {
        if (!fits(request)) return;
        this.#watchers.delete(watch);
        resolve(request);
      };
      this.#watchers.add(watch);
    });
  }

  async answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = this.#note(incoming);
    const gone = new AbortController();
    response.on('close', () => {
      gone.abort();
    });
    // whoever breaks off in the middle of a request hears no answer
    response.on('error', () => undefined);
    try {
      const text = await readText(incoming);
      if (request.kind === 'messages') {
        request.body = JSON.parse(text) as MessagesBody;
        request.main = isMain(request.body);
      }
      for (const watch of this.#watchers) watch(request);
      await this.#respond(request, { response, signal: gone.signal });
    } catch (error) {
      if (!gone.signal.aborted)
        refuse(response, { status: 400, type: 'invalid_request_error', message: String(error) });
    } finally {
      request.status = response.statusCode;
    }
  }

  #note(incoming: IncomingMessage): Mutable<ModelRequest> {
    const { method = 'GET', url: path = '/', headers } = incoming;
    const key = headers['x-api-key'] ?? headers.authorization?.replace(/^Bearer /, '');
    const request: Mutable<ModelRequest> = {
      n: this.requests.length + 1,
      kind: kindOf(method, path),
      at: performance.timeOrigin + performance.now(),
      method,
      path,
      headers,
      main: false,
      ...(typeof key === 'string' ? { key } : {}),
    };
    this.requests.push(request);
    return request;
  }

  async #respond(request: ModelRequest, sink: Sink): Promise<void> {
    const { requireKey } = this.options;
    const { kind, body, path } = request;
    if (kind === 'head') sink.response.end();
    else if (requireKey !== undefined && request.key !== requireKey)
      refuse(sink.response, { status: 401, type: 'authentication_error', message: 'invalid x-api-key' });
    else if (kind === 'count_tokens') sendJson(sink.response, 200, { input_tokens: 10 });
    else if (body) await this.#speak(request, body, sink);
    else refuse(sink.response, { status: 404, type: 'not_found_error', message: `no ${path} here` });
  }

  async #speak(request: ModelRequest, body: MessagesBody, sink: Sink): Promise<void> {
    const queued = request.main ? this.queued.shift() : undefined;
    const step = queued ?? chooseStep(body, this.options.demo ? demoSteps(body) : []);
    const waitMs = (step.hangMs ?? 0) + (step.delayMs ?? 0);
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: sink.signal });
    if (step.error) refuse(sink.response, step.error);
    else
      await say(step, answerOf(step, `${this.#name}_${String(request.n)}`, body.model), {
        sink,
        streamed: body.stream === true,
      });
  }
}

async function say(step: Step, answer: Answer, to: { readonly sink: Sink; readonly streamed: boolean }): Promise<void> {
  const headers = { 'request-id': answer.id.replace('msg', 'req'), ...step.headers };
  if (!to.streamed) {
    sendJson(to.sink.response, 200, messageOf(answer), headers);
    return;
  }
  to.sink.response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
  await streamAnswer(to.sink, answer, step);
}

function kindOf(method: string, url: string): ModelRequest['kind'] {
  const path = url.split('?')[0] ?? '';
  if (method === 'HEAD') return 'head';
  if (method === 'POST' && path.endsWith('/v1/messages/count_tokens')) return 'count_tokens';
  return method === 'POST' && path.endsWith('/v1/messages') ? 'messages' : 'other';
}

async function readText(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function refuse(response: ServerResponse, error: StepError): void {
  const { type = 'api_error', message = 'scripted error' } = error;
  sendJson(response, error.status, { type: 'error', error: { type, message } }, error.headers);
}

function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}
