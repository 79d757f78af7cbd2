/** Where a command writes to. */
export interface Output {
  write(content: string | Uint8Array): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** What a command finds around it. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder it is called in. */
  readonly cwd: string;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborts at the first Ctrl-C, SIGTERM or SIGHUP. */
  readonly leaving: AbortSignal;
}
