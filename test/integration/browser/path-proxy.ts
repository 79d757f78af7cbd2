import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A reverse proxy that has a server under a path of its own. */
export interface PathProxy extends AsyncDisposable {
  /** Where the server's paths begin: `http://127.0.0.1:4000/tools/remuda`. */
  readonly url: string;
}

/** Starts one: it takes the path away, and says so where `tells` is set. `Host` it passes on. Without a port it takes a free one. */
export async function startPathProxy(to: string, path: string, tells: boolean, port = 0): Promise<PathProxy> {
  const server = createServer((incoming, outgoing) => {
    const { method, url = '', headers } = incoming;
    if (!url.startsWith(`${path}/`)) return void outgoing.writeHead(404).end('There is nothing at this path.');
    const told = tells ? { 'x-forwarded-prefix': path } : {};
    const passed = request(to + url.slice(path.length), { method, headers: { ...headers, ...told } }, (answer) => {
      answer.pipe(outgoing.writeHead(answer.statusCode ?? 502, answer.headers));
    });
    passed.on('error', () => outgoing.destroy());
    outgoing.on('close', () => passed.destroy());
    incoming.pipe(passed);
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}${path}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}
