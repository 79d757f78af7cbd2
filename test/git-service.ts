import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isRecord, parseJson } from '@remuda/protocol';

/** A request that came. */
export interface Came {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

type Answer = (came: Came, response: ServerResponse) => void;

/** The API of a host of repositories, as far as pull requests go, on loopback. */
export class GitService implements AsyncDisposable {
  readonly came: Came[] = [];
  answer: Answer = () => undefined;
  readonly #server = createServer((request, response) => {
    // A client that leaves in the middle of its request is no fault of the test.
    this.#take(request, response).catch(() => response.destroy());
  });

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get origin(): string {
    return `http://127.0.0.1:${String(this.port)}`;
  }

  /** Answers as a host does; the map has the open ones by branch. */
  keeps(kind: 'github' | 'gitlab'): Map<string, Record<string, unknown>> {
    const open = new Map<string, Record<string, unknown>>();
    const number = kind === 'github' ? 'number' : 'iid';
    this.answer = ({ method, query, body }, response) => {
      if (method === 'GET') {
        const branch = (query.get('head') ?? query.get('source_branch') ?? '').replace(/^[^:]*:/, '');
        answers(response, 200, open.has(branch) ? [open.get(branch)] : []);
      } else if (method === 'POST') {
        const page = `https://host.example/${String(open.size + 1)}`;
        const made = { ...body, [number]: open.size + 1, html_url: page, web_url: page };
        open.set(String(body['head'] ?? body['source_branch']), made);
        answers(response, 201, made);
      } else answers(response, 200, {});
    };
    return open;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let said = '';
    for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) said += chunk;
    const { pathname: path, searchParams: query } = new URL(request.url ?? '', this.origin);
    const body = parseJson(said);
    const { authorization } = request.headers;
    const came = { method: request.method ?? '', path, query, authorization, body: isRecord(body) ? body : {} };
    this.came.push(came);
    this.answer(came, response);
  }
}

/** Answers with JSON. */
export function answers(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** Starts one that answers nothing yet. */
export async function startGitService(): Promise<GitService> {
  const service = new GitService();
  await service.open();
  return service;
}
