/**
 * The protocol between a `claude` in a container and the bridge to the Claude Code of its host: JSON messages, one a
 * line, in both directions. Bytes are base64. A connection carries one run at a time, and may carry further ones after
 * an `exit`.
 */

/** The protocol's version, in each `run`. */
export const hostBridgeVersion = 1;

/** Limits that both sides keep. */
export const hostBridgeLimits = {
  /** Maximum size of a message, in bytes; the arguments of a run are its largest part. */
  messageBytes: 2 * 1024 * 1024,
  /** Maximum size of the bytes in one `stdin`, `stdout` or `stderr`, before base64. */
  chunkBytes: 48 * 1024,
  /** Standard input that may be sent before a `credit` is received, in bytes. */
  firstCreditBytes: 256 * 1024,
  /** How often each side sends a heartbeat, in ms. */
  heartbeatEveryMs: 5_000,
  /** A peer from which nothing arrived for this long is gone, in ms. */
  silenceMs: 20_000,
} as const;

/** Signals that a client may send to its Claude Code. */
export const hostBridgeSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGCONT'] as const;
export type HostBridgeSignal = (typeof hostBridgeSignals)[number];

/** The size of a terminal, in characters. */
export interface TerminalSize {
  readonly rows: number;
  readonly cols: number;
}

/** Asks for one run of Claude Code. */
export interface HostRun {
  readonly type: 'run';
  readonly v: typeof hostBridgeVersion;
  /** The client's secret, where its socket or certificate does not tell who it is. */
  readonly token?: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The working folder, as the container sees it. */
  readonly cwd: string;
  /** The run gets a terminal of this size. */
  readonly terminal?: TerminalSize;
}

/** What a client sends. */
export type HostClientMessage =
  | HostRun
  | { readonly type: 'stdin'; readonly data: Buffer }
  | { readonly type: 'stdin_end' }
  | { readonly type: 'signal'; readonly signal: HostBridgeSignal }
  | ({ readonly type: 'window' } & TerminalSize)
  | { readonly type: 'heartbeat' };

/** What the bridge sends. */
export type HostServerMessage =
  /** All turns are taken; so many runs are before this one. */
  | { readonly type: 'queued'; readonly ahead: number }
  | { readonly type: 'started' }
  | { readonly type: 'stdout' | 'stderr'; readonly data: Buffer }
  /** So many further bytes of standard input may be sent. */
  | { readonly type: 'credit'; readonly bytes: number }
  /** Claude Code has ended; 128 + n if signal n ended it. */
  | { readonly type: 'exit'; readonly code: number }
  /** The run was refused or could not be finished; `exit` is the exit code for the client. */
  | { readonly type: 'error'; readonly code: string; readonly message: string; readonly exit: number }
  | { readonly type: 'heartbeat' };

/** A message as its line; bytes as base64. */
export function writeHostMessage(message: HostClientMessage | HostServerMessage): string {
  const plain = 'data' in message ? { ...message, data: message.data.toString('base64') } : message;
  return `${JSON.stringify(plain)}\n`;
}
