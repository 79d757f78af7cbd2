import { once } from 'node:events';
import { createServer } from 'node:http';

/** A web server on an address of loopback that tools do not leave out of their proxy. */
export async function serveSite() {
  const server = createServer((request, response) => response.end(`the file ${String(request.url)}`));
  await once(server.listen(0, '127.0.0.2'), 'listening');
  const { port } = server.address() as { readonly port: number };
  const close = (): Promise<void> => {
    server.closeAllConnections();
    return new Promise((resolve) =>
      server.close(() => {
        resolve();
      }),
    );
  };
  return { at: `127.0.0.2:${String(port)}`, [Symbol.asyncDispose]: close };
}
