/** A folder of a container and the folder of the host that it is. */
export interface Workspace {
  /** Path in the container, and in the sandbox. */
  readonly container: string;
  /** Path on the host, resolved. */
  readonly host: string;
  readonly readOnly: boolean;
}

/** Somebody who may have runs of Claude Code, and which. */
export interface Client {
  /** Unique, for logs, figures and the folder of its sessions. */
  readonly name: string;
  /** Path of a socket of its own: whoever can open it is this client. */
  readonly socket?: string;
  /** Mode of that socket. Default 0660. */
  readonly socketMode: number;
  /** SHA-256, in hex, of the token with which it identifies itself on the shared socket. */
  readonly tokenSha256?: string;
  /** DNS name in its certificate, over TCP. */
  readonly certificate?: string;
  readonly workspaces: readonly Workspace[];
  /** Guarded flags that it may use. */
  readonly flags: readonly string[];
  /** Variables that it may set in addition to the plain ones. */
  readonly variables: readonly string[];
  /** Whether it may have sessions on a terminal. Default: yes in the sandbox, no without one. */
  readonly interactive?: boolean;
  /** Files and folders of the host's own configuration that its runs can read. */
  readonly config: readonly string[];
  readonly limits: ClientLimits;
}

/** Limits of one client. */
export interface ClientLimits {
  /** Runs at a time. */
  readonly running: number;
  /** Runs that wait for their turn. */
  readonly waiting: number;
  /** Runs that begin within a minute. */
  readonly perMinute: number;
  /** Open connections. */
  readonly connections: number;
  /** Memory of each run, with all that it starts, in MiB. */
  readonly memoryMb: number;
}
