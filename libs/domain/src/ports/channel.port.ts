/**
 * What arrived over a channel. A message is any JSON value; what is not a whole message is named, and the next one is
 * read. `ref` is what the sender calls it, where the channel has names.
 */
export type Arrived =
  | { readonly kind: 'message'; readonly value: unknown; readonly ref?: string }
  | { readonly kind: 'invalid'; readonly reason: string; readonly bytes: number; readonly ref?: string };

/**
 * A two-way line between a worker and somebody on the same host, without a network. Messages are JSON values; each arrives whole, once,
 * and in the order in which it was sent.
 */
export interface Channel {
  /**
   * Sends a message; resolves when the system has taken all of it. Rejects with `channel.unavailable` when there is nobody at the other
   * end, or too much waits for them already; with `channel.timed_out` when it was not taken in time, and may still arrive; with
   * `channel.invalid` when it is too large.
   */
  send(message: unknown): Promise<void>;
  /** What arrives from now on; ends when the other end is gone, or the channel is closed. To be called once. */
  arrivals(): AsyncIterable<Arrived>;
  /** Closes this end; what was sent and not taken is lost. Safe to call twice. */
  close(): Promise<void>;
}
