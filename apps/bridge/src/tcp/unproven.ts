import type { Socket } from 'node:net';

/** Limits on the number and age of unauthenticated connections. */
export interface UnprovenLimits {
  readonly most: number;
  /** Per address. */
  readonly mostEach: number;
  /** From the start of a connection until its credential is checked, in ms. */
  readonly limitMs: number;
}

/** The defaults: a worker can open all the connections it may have at once, and so can some others at its address. */
export const unprovenLimits: UnprovenLimits = { most: 1_024, mostEach: 128, limitMs: 10_000 };

/** Unauthenticated connections: only a few, and only for a short time. */
export class Unproven {
  /** By the peer's address and port, which are the same for TLS and the connection below it. */
  readonly #open = new Map<
    string,
    { readonly socket: Socket; readonly address: string; readonly timer: NodeJS.Timeout }
  >();
  readonly #each = new Map<string, number>();

  constructor(
    private readonly limits: UnprovenLimits,
    private readonly onLate: () => void,
  ) {}

  /** Whether a connection may stay until it authenticates; it is closed if it does not in time. */
  admit(socket: Socket): boolean {
    const { most, mostEach, limitMs } = this.limits;
    const { remoteAddress: address } = socket;
    // It closed before it was checked.
    if (address === undefined) return false;
    const each = this.#each.get(address) ?? 0;
    if (this.#open.size >= most || each >= mostEach) return false;
    const peer = peerOf(socket);
    // What arrived in time counts, even if this process reads it late.
    const timer = setTimeout(
      () =>
        setImmediate(() => {
          if (!this.#open.has(peer)) return;
          this.onLate();
          socket.destroy();
        }),
      limitMs,
    );
    this.#open.set(peer, { socket, address, timer });
    this.#each.set(address, each + 1);
    socket.once('close', () => {
      this.#forget(peer);
    });
    return true;
  }

  /** A connection has authenticated. */
  proven(socket: Socket): void {
    this.#forget(peerOf(socket));
  }

  /** Closes all of them. */
  cut(): void {
    for (const { socket } of this.#open.values()) socket.destroy();
  }

  #forget(peer: string): void {
    const found = this.#open.get(peer);
    if (!found) return;
    clearTimeout(found.timer);
    this.#open.delete(peer);
    const left = (this.#each.get(found.address) ?? 1) - 1;
    if (left === 0) this.#each.delete(found.address);
    else this.#each.set(found.address, left);
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${String(remoteAddress)} ${String(remotePort)}`;
}
