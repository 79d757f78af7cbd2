import { Socket } from 'node:net';
import { RemudaError, type Clock } from '@remuda/domain';
import { openPipe, type Access } from './open-pipe.js';

/** Limits of unread data. */
export interface WriteLimits {
  /** Timeout of a message that is not read, in ms; its sender gives it up. */
  readonly timeoutMs: number;
  /** Maximum of unread bytes; a message that would exceed it is refused. */
  readonly queueBytes: number;
  /** Called each time that unread data exceeds half of that. */
  readonly onWarning: (message: string) => void;
}

/** The writing end of a named pipe. A full pipe delays its writers; it is reopened after its reader has left. */
export class PipeWriter {
  #socket: Socket | undefined;
  #waiting = 0;
  #warned = false;

  constructor(
    private readonly path: string,
    private readonly access: Exclude<Access, 'read'>,
    private readonly limits: WriteLimits,
    private readonly clock: Clock,
  ) {}

  /** Opens the pipe; does nothing while it is open. Throws as `openPipe` does. */
  open(): Socket {
    if (this.#socket && !this.#socket.destroyed) return this.#socket;
    const socket = new Socket({ fd: openPipe(this.path, this.access), readable: false, writable: true });
    // Writers are told by their write; an error while nobody writes is ignored.
    socket.on('error', () => socket.destroy());
    this.#socket = socket;
    return socket;
  }

  /** Resolves when the system has taken all bytes; see `Channel.send`. */
  async write(bytes: Buffer): Promise<void> {
    this.#admit(bytes.length);
    const socket = this.open();
    this.#waiting += bytes.length;
    const taken = new Promise<void>((resolve, reject) => {
      socket.write(bytes, (fault) => {
        this.#waiting -= bytes.length;
        if (this.#waiting <= this.limits.queueBytes / 2) this.#warned = false;
        if (fault) reject(this.#gone(fault));
        else resolve();
      });
    });
    await this.#inTime(taken);
  }

  close(): void {
    this.#socket?.destroy();
  }

  #admit(bytes: number): void {
    const { queueBytes, onWarning } = this.limits;
    const waiting = this.#waiting + bytes;
    if (waiting > queueBytes && this.#waiting > 0)
      throw new RemudaError(
        'channel.unavailable',
        `${String(this.#waiting)} bytes wait in ${this.path} for its reader.`,
      );
    if (this.#warned || waiting <= queueBytes / 2) return;
    this.#warned = true;
    onWarning(`${String(waiting)} bytes wait in ${this.path} for its reader.`);
  }

  async #inTime(taken: Promise<void>): Promise<void> {
    const { timeoutMs } = this.limits;
    const done = new AbortController();
    const late = this.clock.sleep(timeoutMs, done.signal).then(
      () => 'late' as const,
      () => undefined,
    );
    try {
      if ((await Promise.race([taken, late])) !== 'late') return;
    } finally {
      done.abort();
    }
    // It is still in progress, and may fail later, when nobody awaits it.
    taken.catch(() => undefined);
    throw new RemudaError('channel.timed_out', `${this.path} did not take the message within ${String(timeoutMs)} ms.`);
  }

  #gone(cause: unknown): RemudaError {
    return new RemudaError('channel.unavailable', `The reader of ${this.path} has left.`, { cause });
  }
}
