import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http';

/** A web server of this machine, and what it was asked. */
export interface Site extends AsyncDisposable {
  readonly port: number;
  readonly requests: readonly Pick<IncomingMessage, 'url' | 'headers'>[];
}

/** One that a profile opens, and one that nobody may reach. */
export interface Sites {
  readonly site: Site;
  readonly inside: Site;
}

export async function serveSites(): Promise<Sites> {
  const inside = await serve(undefined, (_request, response) => response.end('inside'));
  const site = await serve('127.0.0.2', (request, response) => {
    if (request.url === '/redirect') response.writeHead(302, { location: `http://0.0.0.0:${String(inside.port)}/` });
    response.end('the site');
  });
  return { site, inside };
}

/** A server before another one of repositories, which can send pushes on elsewhere by a redirect. */
export function serveBefore(origin: string, pushes?: string): Promise<Site> {
  return serve('127.0.0.1', (request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    if (pushes !== undefined && url.includes('git-receive-pack'))
      return void response.writeHead(307, { location: `${pushes}${url}` }).end();
    const onward = httpRequest(new URL(url, origin), { method, headers, agent: false }, (answer) => {
      answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers));
    });
    request.pipe(onward.on('error', () => response.destroy()));
  });
}

async function serve(host: string | undefined, answer: RequestListener): Promise<Site> {
  const requests: Pick<IncomingMessage, 'url' | 'headers'>[] = [];
  const server = createServer((request, response) => {
    requests.push({ url: request.url, headers: request.headers });
    answer(request, response);
  });
  await once(server.listen(0, host), 'listening');
  const { port } = server.address() as { readonly port: number };
  return {
    port,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
