import { once } from 'node:events';
import { createServer as createHttp, type RequestListener, type Server as HttpServer } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { connect, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { writeEgressHello } from '@remuda/protocol';
import { makeAuthority } from '../../certificates.js';

/** A server of a test's own on loopback. */
export interface OwnServer extends AsyncDisposable {
  readonly port: number;
  /** Connections that it ever had. */
  readonly connections: () => number;
}

/** Starts a server on loopback. */
export async function serve(server: Server, at = '127.0.0.1'): Promise<OwnServer> {
  let connections = 0;
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections++;
    open.add(socket);
    socket.on('error', () => undefined).once('close', () => open.delete(socket));
  });
  await once(server.listen(0, at), 'listening');
  const { port } = server.address() as { readonly port: number };
  return {
    port,
    connections: () => connections,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

export const serveHttp = (answer: RequestListener): Promise<OwnServer> => serve(createHttp(answer));

/** With a certificate for these names. */
export async function serveHttps(
  names: readonly string[],
  answer: RequestListener,
): Promise<OwnServer & { ca: string }> {
  const authority = makeAuthority();
  const server: HttpServer = createHttps(authority.issue({ names }), answer);
  return Object.assign(await serve(server), { ca: authority.ca });
}

/** Opens a connection to the door and says whose it is. */
export function enter(path: string, token: string): Socket {
  const socket = connect({ path, allowHalfOpen: true });
  socket.on('error', () => undefined).write(writeEgressHello({ token }));
  return socket;
}

/** All that a connection answers until its end, after this was said. */
export async function exchange(socket: Socket, said: string | Buffer): Promise<string> {
  socket.write(said);
  let text = '';
  for await (const chunk of socket) text += (chunk as Buffer).toString('latin1');
  return text;
}

/** The head of the answer, which is read up to its end; the rest stays unread. */
export async function headOf(socket: Socket): Promise<string> {
  let seen = Buffer.alloc(0);
  for (;;) {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) {
      if (socket.readableEnded || socket.destroyed) return seen.toString('latin1');
      await Promise.race([once(socket, 'readable'), once(socket, 'close')]);
      continue;
    }
    seen = Buffer.concat([seen, chunk]);
    const at = seen.indexOf('\r\n\r\n');
    if (at < 0) continue;
    socket.unshift(seen.subarray(at + 4));
    return seen.subarray(0, at).toString('latin1');
  }
}

/** Asks for a tunnel; resolves with the head of the answer. */
export async function tunnel(path: string, token: string, to: string): Promise<{ socket: Socket; head: string }> {
  const socket = enter(path, token);
  socket.write(`CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\n\r\n`);
  return { socket, head: await headOf(socket) };
}

/** The refusals that the door tells a worker. */
export function listen(path: string, token: string): { readonly lines: readonly unknown[]; readonly socket: Socket } {
  const socket = connect({ path, allowHalfOpen: true });
  socket.on('error', () => undefined).write(writeEgressHello({ token, feed: true }));
  const lines: unknown[] = [];
  createInterface({ input: socket }).on('line', (line) => lines.push(JSON.parse(line)));
  return { lines, socket };
}

/** Resolves when the other side has ended a connection, whatever it still said. */
export async function ended(socket: Socket): Promise<void> {
  await Promise.race([once(socket.resume(), 'end'), once(socket, 'close')]);
  socket.destroy();
}
