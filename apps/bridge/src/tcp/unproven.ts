import type { Socket } from 'node:net';

/** How many connections may be open that have not proven whose they are, and for how long. */
export interface UnprovenLimits {
  readonly most: number;
  /** From one address. */
  readonly mostEach: number;
  /** From a connection's beginning until its proof is checked, in ms. */
  readonly limitMs: number;
}

/** The defaults: all that one worker may have at a time can come from its address at once, and from some others. */
export const unprovenLimits: UnprovenLimits = { most: 1_024, mostEach: 128, limitMs: 10_000 };

/** Connections that have not proven yet whose they are: there may be few, and for a short time. */
export class Unproven {
  /** By the other side's address and port, which TLS shows as the connection below it does. */
  readonly #open = new Map<
    string,
    { readonly socket: Socket; readonly address: string; readonly timer: NodeJS.Timeout }
  >();
  readonly #each = new Map<string, number>();

  constructor(
    private readonly limits: UnprovenLimits,
    private readonly onLate: () => void,
  ) {}

  /** Whether a connection may stay until it proves itself; it is closed when it does not in time. */
  admit(socket: Socket): boolean {
    const { most, mostEach, limitMs } = this.limits;
    const { remoteAddress: address } = socket;
    // It closed before it was looked at.
    if (address === undefined) return false;
    const each = this.#each.get(address) ?? 0;
    if (this.#open.size >= most || each >= mostEach) return false;
    const peer = peerOf(socket);
    // What came in time counts, though this process looks at it late.
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

  /** A connection has proven whose it is. */
  proven(socket: Socket): void {
    this.#forget(peerOf(socket));
  }

  /** Closes all that there are. */
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
