import { RemudaError, type Arrived, type Channel } from '@remuda/domain';

/** One end of a channel within the process. Passes the same contract suite as the real ones. */
export class MemoryChannel implements Channel {
  readonly #arrived: Arrived[] = [];
  #other: MemoryChannel | undefined;
  #open = true;
  #wake: () => void = () => undefined;

  /** Both ends of a channel for messages of at most so many bytes. */
  static pair(maxBytes: number): readonly [MemoryChannel, MemoryChannel] {
    const [a, b] = [new MemoryChannel(maxBytes), new MemoryChannel(maxBytes)];
    a.#other = b;
    b.#other = a;
    return [a, b];
  }

  private constructor(private readonly maxBytes: number) {}

  private get isOpen(): boolean {
    return this.#open;
  }

  private wake(): void {
    this.#wake();
  }

  async send(message: unknown): Promise<void> {
    await Promise.resolve();
    const text = JSON.stringify(message);
    const other = this.#other;
    if (!this.#open || !other?.isOpen)
      throw new RemudaError('channel.unavailable', 'There is nobody at the other end.');
    if (Buffer.byteLength(text) >= this.maxBytes) throw new RemudaError('channel.invalid', 'The message is too large.');
    other.#arrived.push({ kind: 'message', value: JSON.parse(text) as unknown });
    other.#wake();
  }

  async *arrivals(): AsyncGenerator<Arrived> {
    for (;;) {
      const next = this.#open ? this.#arrived.shift() : undefined;
      if (next) yield next;
      else if (!this.#open || !this.#other?.isOpen) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async close(): Promise<void> {
    this.#open = false;
    this.#wake();
    this.#other?.wake();
    return Promise.resolve();
  }
}
