/** What the store says of workers, for whoever opens sockets for them. Calls reject with `redis.unavailable` in an outage. */
export interface WorkerDirectory {
  /** All workers that there are. */
  registered(): Promise<ReadonlySet<string>>;
  isRegistered(worker: string): Promise<boolean>;
  /** The SHA-256, in hex, of the credential by which a worker proves itself; undefined where it has none, or is gone. */
  credentialHash(worker: string): Promise<string | undefined>;
  /** Says that a worker's sockets are there, in a folder of this folder of sockets. */
  noteOpen(worker: string, socketDir: string): Promise<void>;
  /**
   * Calls back with each worker that came or went, and with none when words may have been missed: at the beginning, and whenever the
   * connection was made again. The returned function ends it.
   */
  follow(onWord: (worker: string | undefined) => void): () => void;
}
