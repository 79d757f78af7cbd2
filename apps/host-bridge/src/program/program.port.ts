import type { HostBridgeSignal, TerminalSize } from '@remuda/protocol';

/** What is started for a run. */
export interface ProgramPlan {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Whether `command` is the sandbox, in which Claude Code is another process. */
  readonly sandboxed: boolean;
}

/** Where a program's output goes. */
export type OnOutput = (stream: 'stdout' | 'stderr', chunk: Buffer) => void;

/** A program that runs. */
export interface Program {
  /** Resolves with the exit code, 128 + n after signal n, once all output was delivered. Never rejects. */
  readonly exited: Promise<number>;
  /** Writes to its standard input; resolves when it was taken, or never will be. */
  write(chunk: Buffer): Promise<void>;
  /** Ends its standard input. */
  end(): void;
  /** Holds its output back, or lets it go on. */
  pause(): void;
  resume(): void;
  /** Sets the size of its terminal, if it has one. */
  resize(size: TerminalSize): void;
  /** Sends a signal to Claude Code. */
  signal(signal: HostBridgeSignal): void;
  /** Ends it and everything in its sandbox, or in its process group, at once. */
  kill(): void;
}
