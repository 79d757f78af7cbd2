import { rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { RemudaError, type Arrived, type Channel, type Clock } from '@remuda/domain';
import { FrameReader, frameOf } from '../frames.js';
import { makePipe, openPipe } from './open-pipe.js';
import { PipeWriter, type WriteLimits } from './pipe-writer.js';

/** Where the pipes are, and what may go through them. */
export interface NamedPipeOptions {
  /** The folder; both sides see it. It has to be there. */
  readonly folder: string;
  /** What the pipes are named after: `{name}.in.fifo` and `{name}.out.fifo`, in and out as the worker sees it. */
  readonly name: string;
  /** Path of the pipe that the worker reads, instead of the one in the folder. */
  readonly input?: string;
  /** Path of the pipe that the worker writes, instead of the one in the folder. */
  readonly output?: string;
  readonly clock: Clock;
  /** Largest message, in bytes. Default 16 MiB. */
  readonly maxBytes?: number;
  /** How long a message may take to be written, in ms. Default 10,000. */
  readonly timeoutMs?: number;
  /** Told when much waits to be written. Default: nobody. */
  readonly onWarning?: (message: string) => void;
}

const defaultMaxBytes = 16 * 1_048_576;
const defaultTimeoutMs = 10_000;

/** Which end of the pipes this is. */
type End = 'worker' | 'host';

/**
 * A channel of two named pipes. Nothing in it waits in a thread: both pipes are opened without blocking, and read and written as events
 * come.
 *
 * The worker's end makes the pipes and removes them. It is there from its opening to its close, whoever comes and goes at the other
 * end, even a shell that writes one line. The host's end is told when the worker ends, however it does, and removes what that left.
 */
export class NamedPipeChannel implements Channel {
  readonly #maxBytes: number;
  readonly #writer: PipeWriter;
  readonly #reader: Socket;
  #closed = false;

  private constructor(
    private readonly paths: { readonly read: string; readonly write: string },
    private readonly end: End,
    { clock, maxBytes = defaultMaxBytes, timeoutMs = defaultTimeoutMs, onWarning = () => undefined }: NamedPipeOptions,
  ) {
    this.#maxBytes = maxBytes;
    const limits: WriteLimits = { timeoutMs, queueBytes: maxBytes, onWarning };
    this.#writer = new PipeWriter(paths.write, end === 'worker' ? 'both' : 'write', limits, clock);
    const fd = openPipe(paths.read, end === 'worker' ? 'both' : 'read');
    this.#reader = new Socket({ fd, readable: true, writable: false });
    this.#reader.on('error', () => this.#reader.destroy());
  }

  /** The worker's end: makes the pipes, or keeps those that are there. Rejects with `channel.invalid` or `channel.unavailable`. */
  static async worker(options: NamedPipeOptions): Promise<NamedPipeChannel> {
    const { input, output } = pathsOf(options);
    await makePipe(input);
    await makePipe(output);
    const channel = new NamedPipeChannel({ read: input, write: output }, 'worker', options);
    // Held from now on, so that a host's end is told of the worker's by the end of this pipe.
    channel.#writer.open();
    return channel;
  }

  /** The host's end, of a worker that is there. Rejects with `channel.unavailable` where none is. */
  static async host(options: NamedPipeOptions): Promise<NamedPipeChannel> {
    const { input, output } = pathsOf(options);
    const channel = new NamedPipeChannel({ read: output, write: input }, 'host', options);
    try {
      channel.#writer.open();
    } catch (error) {
      await channel.close();
      throw error;
    }
    return channel;
  }

  async send(message: unknown): Promise<void> {
    if (this.#closed) throw new RemudaError('channel.unavailable', 'The channel is closed.');
    const frame = frameOf(message);
    if (frame.length > this.#maxBytes)
      throw new RemudaError('channel.invalid', `The message has ${String(frame.length)} bytes, more than may be sent.`);
    await this.#writer.write(frame);
  }

  async *arrivals(): AsyncGenerator<Arrived> {
    const frames = new FrameReader(this.#maxBytes);
    try {
      for await (const chunk of this.#reader) yield* frames.read(chunk as Buffer);
    } catch (error) {
      if (!this.#closed) throw error;
    }
    yield* frames.end();
    if (this.end === 'host' && !this.#closed) await this.#remove();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#writer.close();
    this.#reader.destroy();
    if (this.end === 'worker') await this.#remove();
  }

  /** Removes the pipes: a later worker makes its own. */
  async #remove(): Promise<void> {
    await Promise.all(Object.values(this.paths).map((path) => rm(path, { force: true })));
  }
}

function pathsOf({ folder, name, input, output }: NamedPipeOptions): {
  readonly input: string;
  readonly output: string;
} {
  return { input: input ?? join(folder, `${name}.in.fifo`), output: output ?? join(folder, `${name}.out.fifo`) };
}
