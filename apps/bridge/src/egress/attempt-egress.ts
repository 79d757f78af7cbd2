import type { Duplex } from 'node:stream';
import type { EgressRefusal, EgressTarget } from '@remuda/domain';
import type { EgressRefused } from '@remuda/protocol';

/** Maximum number of different refusals that are kept for an attempt: hostile code asks for as many hosts as it likes. */
const maxRefusals = 100;

/** What the connections of one attempt have transferred, and what was refused to it. */
export class AttemptEgress {
  connections = 0;
  sentBytes = 0;
  receivedBytes = 0;
  readonly #refusals = new Map<string, EgressRefused>();
  readonly #feeds = new Set<Duplex>();
  readonly #open = new Set<Duplex>();

  constructor(private readonly maxBytes: number) {}

  /** Whether it may transfer no more. */
  get isSpent(): boolean {
    return this.sentBytes + this.receivedBytes >= this.maxBytes;
  }

  /** Keeps a connection until it is closed, to cut it with the attempt. */
  keep(socket: Duplex): void {
    if (this.#open.has(socket)) return;
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
  }

  /** Notes a refusal, and tells it to the worker; false if it was noted before. */
  refuse({ host, port }: EgressTarget, reason: EgressRefusal): boolean {
    const name = `${host}:${String(port)} ${reason}`;
    if (this.#refusals.has(name) || this.#refusals.size >= maxRefusals) return false;
    const refused = { host, port, reason };
    this.#refusals.set(name, refused);
    for (const feed of this.#feeds) tell(feed, refused);
    return true;
  }

  /** Tells the refusals to a worker: those so far, and each from now on. */
  feed(socket: Duplex): void {
    for (const refused of this.#refusals.values()) tell(socket, refused);
    this.#feeds.add(socket);
    socket.once('close', () => this.#feeds.delete(socket));
  }

  /** Cuts all its connections. */
  cut(): void {
    for (const socket of [...this.#open, ...this.#feeds]) socket.destroy();
  }
}

function tell(socket: Duplex, refused: EgressRefused): void {
  if (socket.writable) socket.write(`${JSON.stringify(refused)}\n`);
}
