// Loads an HTTP server with as many requests as it takes: so many connections, on each one request after the other.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { serve } from '../parts/member.js';

/** One measurement. */
export interface Load {
  readonly port: number;
  readonly path: string;
  readonly body: string;
  readonly connections: number;
  readonly forMs: number;
  /** Further headers, each with its line break. */
  readonly headers?: string;
}

/** What came of it: requests that were answered with 202, and the time that it took. */
export interface Loaded {
  readonly requests: number;
  readonly ms: number;
}

serve(async (load: Load) => {
  const until = performance.now() + load.forMs;
  const began = performance.now();
  const counts = await Promise.all(Array.from({ length: load.connections }, () => keepAsking(load, until)));
  return { requests: counts.reduce((sum, count) => sum + count, 0), ms: performance.now() - began } satisfies Loaded;
});

/** A client of its own that does as little as it can, so that the server is what is measured. */
async function keepAsking({ port, path, body, headers = '' }: Load, until: number): Promise<number> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const request = Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n${headers}` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  let answered = 0;
  const answers = readAnswers(socket, () => {
    answered++;
    if (performance.now() < until) socket.write(request);
    else socket.end();
  });
  socket.write(request);
  await answers;
  return answered;
}

/** Calls back for each whole answer; rejects at the first that is not a 202. */
function readAnswers(socket: Socket, onAnswer: () => void): Promise<void> {
  let text = '';
  socket.setEncoding('latin1');
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => {
      resolve();
    });
    socket.on('data', (chunk: string) => {
      text += chunk;
      const head = text.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (text.length < head + 4 + length) return;
      if (!text.startsWith('HTTP/1.1 202')) reject(new Error(text));
      text = '';
      onAnswer();
    });
  });
}
