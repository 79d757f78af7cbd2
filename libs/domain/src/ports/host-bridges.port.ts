/** A bridge to the Claude Code of a host, as it reports itself. */
export interface HostBridgeRecord {
  readonly name: string;
  /** Version of its Claude Code. */
  readonly version: string;
  /** When it started, epoch ms. */
  readonly since: number;
  /** Runs of Claude Code. */
  readonly running: number;
  /** Runs that wait for their turn. */
  readonly waiting: number;
  /** Names of the clients that have a connection. */
  readonly clients: readonly string[];
  /** Whether it takes runs: false while it shuts down. */
  readonly healthy: boolean;
}

/** What host bridges report, for as long as they do. */
export interface HostBridges {
  /** Reports a bridge; forgotten after `keepMs` without a further report. Rejects with `redis.unavailable`. */
  report(bridge: HostBridgeRecord, keepMs: number): Promise<void>;
  /** Forgets a bridge at once. Safe to call twice. */
  forget(name: string): Promise<void>;
  /** All bridges that have reported lately, by name. */
  all(): Promise<readonly HostBridgeRecord[]>;
}
