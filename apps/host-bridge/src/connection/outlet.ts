import type { Duplex } from 'node:stream';
import { hostBridgeLimits, writeHostMessage, type HostServerMessage } from '@remuda/protocol';

/** The way to a client: what it does not read is not piled up here, but held back at its source. */
export class Outlet {
  #full = false;
  #onRoom: (() => void) | undefined;

  constructor(private readonly socket: Duplex) {
    socket.on('drain', () => {
      this.#full = false;
      this.#onRoom?.();
    });
  }

  /** Whether the client has to read before more is sent. */
  get full(): boolean {
    return this.#full;
  }

  /** Told whenever there is room again. */
  onRoom(listener: (() => void) | undefined): void {
    this.#onRoom = listener;
  }

  send(message: HostServerMessage): void {
    if (!this.socket.writable) return;
    if (!this.socket.write(writeHostMessage(message))) this.#full = true;
  }

  /** Sends output in messages of at most `chunkBytes`. */
  sendBytes(type: 'stdout' | 'stderr', bytes: Buffer): void {
    const { chunkBytes } = hostBridgeLimits;
    for (let start = 0; start < bytes.length; start += chunkBytes)
      this.send({ type, data: bytes.subarray(start, start + chunkBytes) });
  }
}
