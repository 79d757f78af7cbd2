import { once } from 'node:events';
import { createServer } from 'node:net';

/** Ports that were given and may not be listened on yet. */
const given = new Set<number>();

/**
 * A port of 127.0.0.1 that nobody listens on: the preferred one when it is free, else any. No port is given twice by a process but
 * the preferred: two parts that come up on the same one would answer for each other.
 */
export async function freePort(preferred = 0): Promise<number> {
  const server = createServer();
  try {
    server.listen(preferred, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    return freePort();
  }
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  if (address.port !== preferred && given.has(address.port)) return freePort();
  given.add(address.port);
  return address.port;
}
