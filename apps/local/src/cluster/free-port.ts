import { once } from 'node:events';
import { createServer } from 'node:net';

/** Ports that were handed out and may not be in use yet. */
const given = new Set<number>();

/**
 * A free port on 127.0.0.1: the preferred one if it is free, otherwise any. Except for the preferred one, no port is
 * handed out twice by a process: two parts that start on the same port would answer for each other.
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
