import { readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { RemudaError, type Arrived, type Channel, type Clock } from '@remuda/domain';
import { frameOf } from '../frames.js';
import { Alive, aliveEveryMs } from './alive.js';
import { Changes } from './changes.js';
import { Incoming } from './incoming.js';
import { fileNameOf, idIn, idOfFile, isMessageFile } from './names.js';
import { Outgoing, makeFolder } from './outgoing.js';
import { sweepFolder } from './sweep.js';

/** Where the files are, and what they may be. */
export interface FileOptions {
  /** The folder of the workspace, on a volume that both sides have: `/ipc/{workspace}`. Made where it is missing. */
  readonly folder: string;
  /** The worker's name: several may share a folder. */
  readonly name: string;
  readonly clock: Clock;
  /** Largest message, in bytes. Default 16 MiB. */
  readonly maxBytes?: number;
  /** After this time nobody takes a message any more, and it is removed, in ms. Default 24 h. */
  readonly ttlMs?: number;
  /** Free bytes below which a worker takes no further request. Default 64 MiB. */
  readonly minFreeBytes?: number;
  /** Told what keeps messages from being taken or written. Default: nobody. */
  readonly onWarning?: (message: string) => void;
}

/** Which end of the channel this is. */
type End = 'worker' | 'host';

const defaults = { maxBytes: 16 * 1_048_576, ttlMs: 86_400_000, minFreeBytes: 64 * 1_048_576 };
/** How often files are swept, and a full disk is looked at again, in ms. */
const sweepEveryMs = 60_000;
const shortEveryMs = 2_000;

/**
 * A channel of files: each message is one, that appears whole in `requests/` or `responses/` and is gone when its reader
 * has it. A request that a worker has taken stays in `taken/{worker}/` until it is answered. While a worker is there, it
 * touches `workers/{worker}`.
 */
export class FileChannel implements Channel {
  readonly #incoming: Incoming;
  readonly #outgoing: Outgoing;
  readonly #changes: Changes;
  readonly #alive: Alive;
  readonly #closed = new AbortController();
  #number = 0;
  #sending: Promise<void> = Promise.resolve();
  #gone = false;

  private constructor(
    private readonly end: End,
    private readonly options: FileOptions & typeof defaults,
  ) {
    const { clock, maxBytes, ttlMs, folder } = options;
    const own = end === 'worker';
    const limits = { maxBytes, ttlMs, clock };
    this.#incoming = new Incoming(this.#at(own ? 'requests' : 'responses'), limits, own ? this.#taken : undefined);
    this.#outgoing = new Outgoing(this.#at(own ? 'responses' : 'requests'));
    this.#alive = new Alive(options);
    this.#changes = new Changes(own ? [this.#at('requests')] : [this.#at('responses'), join(folder, 'workers')]);
  }

  /**
   * The worker's end: makes the folders. A request that an earlier worker of this name did not answer is answered as
   * `worker.lost`. Rejects with `channel.unavailable` where the folders cannot be made.
   */
  static async worker(options: FileOptions): Promise<FileChannel> {
    const { folder, name } = options;
    for (const each of ['', 'requests', 'responses', 'taken', `taken/${name}`, 'workers'])
      await makeFolder(join(folder, each));
    const channel = new FileChannel('worker', { ...defaults, ...options });
    await channel.#answerLeft();
    await channel.#alive.touch();
    channel.#repeat(aliveEveryMs, () => channel.#alive.touch());
    channel.#repeat(sweepEveryMs, () => channel.#sweep());
    await channel.#sweep();
    return channel;
  }

  /** The host's end, of a worker that is there. Rejects with `channel.unavailable` where none is. */
  static async host(options: FileOptions): Promise<FileChannel> {
    const all = { ...defaults, ...options };
    await new Alive(all).prove();
    const channel = new FileChannel('host', all);
    channel.#repeat(aliveEveryMs, () => channel.#changes.note());
    return channel;
  }

  async send(message: unknown): Promise<void> {
    const bytes = frameOf(message);
    if (bytes.length > this.options.maxBytes)
      throw new RemudaError('channel.invalid', `The message has ${String(bytes.length)} bytes, more than may be sent.`);
    const sent = this.#sending.then(() => this.#send(message, bytes));
    this.#sending = sent.catch(() => undefined);
    await sent;
  }

  async *arrivals(): AsyncGenerator<Arrived> {
    while (!this.#closed.signal.aborted) {
      await this.#changes.next();
      if (this.end === 'host') this.#gone = !(await this.#alive.seen());
      yield* this.#arrived();
      if (this.#gone) return;
    }
  }

  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    await this.#sending;
    this.#changes.close();
    if (this.end === 'worker') await this.#alive.end();
  }

  async *#arrived(): AsyncGenerator<Arrived> {
    for (const name of await this.#waiting()) {
      if (this.#closed.signal.aborted || !(await this.#room())) return;
      const arrived = await this.#incoming.take(name);
      if (arrived === undefined) continue;
      yield arrived;
    }
  }

  async #waiting(): Promise<readonly string[]> {
    try {
      return await this.#incoming.waiting();
    } catch (error) {
      this.options.onWarning?.(`The folder of the messages cannot be read: ${String(error)}.`);
      return [];
    }
  }

  /** Whether there is room for an answer; otherwise requests wait, and it is looked at again. */
  async #room(): Promise<boolean> {
    const { folder, minFreeBytes, onWarning, clock } = this.options;
    if (this.end === 'host') return true;
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize >= minFreeBytes) return true;
    onWarning?.(`Only ${String(Math.round((bavail * bsize) / 1_048_576))} MiB are free in ${folder}: requests wait.`);
    void clock.sleep(shortEveryMs, this.#closed.signal).then(
      () => this.#changes.note(),
      () => undefined,
    );
    return false;
  }

  async #send(message: unknown, bytes: Buffer): Promise<void> {
    if (this.#closed.signal.aborted) throw new RemudaError('channel.unavailable', 'The channel is closed.');
    if (this.end === 'host') await this.#alive.prove();
    await this.#outgoing.write(fileNameOf(message, ++this.#number), bytes);
    const id = this.end === 'worker' ? idIn(message) : undefined;
    if (id !== undefined) await this.#incoming.forget(id);
  }

  async #answerLeft(): Promise<void> {
    const failure = { code: 'worker.lost', message: 'The worker ended while it carried this out.' } as const;
    for (const name of (await readdir(this.#taken)).filter(isMessageFile)) {
      const job = idOfFile(name);
      if (job === undefined) await rm(join(this.#taken, name), { force: true });
      else await this.send({ kind: 'outcome', job, lease: 1, outcome: { kind: 'failed', failure } });
    }
  }

  async #sweep(): Promise<void> {
    const now = this.options.clock.now();
    // A request whose time is over is refused by whoever takes it.
    await sweepFolder(this.#at('requests'), now, Infinity);
    await sweepFolder(this.#at('responses'), now, this.options.ttlMs);
    this.#changes.note();
  }

  /** Does something again and again until the channel is closed; what fails is tried at its next time. */
  #repeat(everyMs: number, work: () => Promise<void> | void): void {
    const { signal } = this.#closed;
    const run = async (): Promise<void> => {
      while (!signal.aborted) {
        await this.options.clock.sleep(everyMs, signal);
        await Promise.resolve(work()).catch((error: unknown) => this.options.onWarning?.(String(error)));
      }
    };
    run().catch(() => undefined);
  }

  #at(name: 'requests' | 'responses'): string {
    return join(this.options.folder, name);
  }

  get #taken(): string {
    return join(this.options.folder, 'taken', this.options.name);
  }
}
