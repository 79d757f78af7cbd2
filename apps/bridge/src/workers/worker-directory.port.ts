/** The registered workers, for opening their sockets. Calls reject with `redis.unavailable` in an outage. */
export interface WorkerDirectory {
  /** All registered workers. */
  registered(): Promise<ReadonlySet<string>>;
  isRegistered(worker: string): Promise<boolean>;
  /** The SHA-256, in hex, of a worker's credential; undefined if it has none, or is gone. */
  credentialHash(worker: string): Promise<string | undefined>;
  /** Records that a worker's sockets exist, in a subfolder of this folder. */
  noteOpen(worker: string, socketDir: string): Promise<void>;
  /**
   * Calls back with each worker that was added or removed, and without one if notifications may have been missed: at
   * the beginning, and after each reconnection. The returned function unsubscribes.
   */
  follow(onWord: (worker: string | undefined) => void): () => void;
}
