import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';

/** What the admin port serves. */
export interface Admin {
  readonly registry: Registry;
  /** Why the app is not ready; undefined when it is. */
  notReady(): Promise<string | undefined>;
}

/** `/health/live`, `/health/ready` and `/metrics`, for the loopback interface. */
export function createAdminServer(admin: Admin): Server {
  return createServer((request, response) => {
    show(admin, request.url ?? '', response).catch(() => {
      send(response, 500, { status: 'error' });
    });
  });
}

async function show(admin: Admin, url: string, response: ServerResponse): Promise<void> {
  switch (url.split('?', 1)[0]) {
    case '/health/live':
      send(response, 200, { status: 'ok' });
      return;
    case '/health/ready': {
      const reason = await admin.notReady();
      send(
        response,
        reason === undefined ? 200 : 503,
        reason === undefined ? { status: 'ok' } : { status: 'error', reason },
      );
      return;
    }
    case '/metrics':
      response.writeHead(200, { 'content-type': admin.registry.contentType }).end(await admin.registry.metrics());
      return;
    default:
      send(response, 404, { status: 'unknown' });
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
