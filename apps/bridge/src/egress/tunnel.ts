import type { Socket } from 'node:net';
import { readHost, type EgressRefusal, type EgressTarget } from '@remuda/domain';
import type { AttemptEgress } from './attempt-egress.js';
import { readFirstBytes, type FirstBytes } from './client-hello.js';
import { literalAddress } from './target.js';

/** The port on which nothing but TLS is let through. */
const tlsPort = 443;

/** A fatal alert, "unrecognized name": a TLS client says something understandable. */
const unrecognizedName = Buffer.from([21, 3, 3, 0, 2, 2, 112]);

/** A connection that was admitted, and is open on both sides. */
export interface Tunnel {
  readonly near: Socket;
  readonly far: Socket;
  /** What the client has sent already. */
  readonly head: Buffer;
  readonly target: EgressTarget;
  readonly use: AttemptEgress;
  readonly idleMs: number;
  readonly onRefused: (reason: EgressRefusal) => void;
}

/**
 * Joins both sides. What the server says is passed on from the beginning; what the client says is held until its first
 * bytes were checked.
 */
export function joinTunnel(tunnel: Tunnel): void {
  const { near, far, use, idleMs, onRefused } = tunnel;
  const cut = (): void => {
    near.destroy();
    far.destroy();
  };
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    one.setTimeout(idleMs, cut).on('error', () => undefined);
    // what is still to be written to the other side is written
    one.once('close', () => {
      other.destroySoon();
    });
  }
  const count = (field: 'sentBytes' | 'receivedBytes', bytes: number): void => {
    use[field] += bytes;
    if (!use.isSpent) return;
    onRefused('limit');
    cut();
  };
  far.on('data', (chunk: Buffer) => {
    count('receivedBytes', chunk.length);
  });
  far.pipe(near);
  holdFirstBytes(tunnel, (first) => {
    count('sentBytes', first.length);
    if (first.length > 0) far.write(first);
    near.on('data', (chunk: Buffer) => {
      count('sentBytes', chunk.length);
    });
    near.pipe(far);
  });
}

/** Reads the client's first bytes until they can be judged; passes them on, or refuses the connection. */
function holdFirstBytes({ near, far, head, target, onRefused }: Tunnel, passOn: (first: Buffer) => void): void {
  let seen = Buffer.alloc(0);
  const judge = (chunk: Buffer, isLast: boolean): void => {
    seen = Buffer.concat([seen, chunk]);
    const first = readFirstBytes(seen);
    if (first.kind === 'more' && !isLast) return;
    near.off('data', onData).off('end', onEnd).pause();
    const reason = firstBytesFault(first, seen.length, target);
    if (reason === undefined) {
      passOn(seen);
      return;
    }
    onRefused(reason);
    far.unpipe(near).destroy();
    if (first.kind !== 'plain' && near.writable) near.write(unrecognizedName);
    near.destroySoon();
  };
  const onData = (chunk: Buffer): void => {
    judge(chunk, false);
  };
  const onEnd = (): void => {
    judge(Buffer.alloc(0), true);
  };
  near.on('data', onData).once('end', onEnd);
  if (head.length > 0) judge(head, false);
}

/**
 * Why the connection may not go on; undefined if it may. With TLS, the server that is asked for has to be the one that
 * was allowed: behind one address there may be many.
 */
function firstBytesFault(first: FirstBytes, bytes: number, target: EgressTarget): EgressRefusal | undefined {
  switch (first.kind) {
    case 'plain':
      return target.port === tlsPort ? 'not_tls' : undefined;
    case 'tls': {
      const wanted = literalAddress(target) === undefined ? target.host : undefined;
      const named = first.serverName === undefined ? undefined : (readHost(first.serverName) ?? '');
      return named === wanted ? undefined : 'server_name';
    }
    case 'malformed':
      return 'server_name';
    case 'more':
      return bytes === 0 ? undefined : 'server_name';
  }
}
