import { closeSync, constants, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { RemudaError, type Clock } from '@remuda/domain';

/** What happened, for the record. */
export interface AuditEntry {
  readonly event: 'started' | 'stopped' | 'refused' | 'run' | 'ended';
  readonly client?: string | undefined;
  readonly [field: string]: unknown;
}

/** Where it is written, and how much is kept. */
export interface AuditLogOptions {
  readonly path: string;
  /** Size at which a file is put aside, in bytes. */
  readonly maxBytes: number;
  /** Files that are kept beside the current one: `path.1` is the youngest. */
  readonly keep: number;
}

const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW } = constants;

/**
 * An append-only record, one JSON object a line. Each line is written before `write` returns; lines are never changed,
 * whole files are put aside.
 */
export class AuditLog {
  #fd: number;
  #bytes: number;

  /** Opens the file, mode 0600. Throws `config.invalid` if it cannot be written. */
  constructor(
    private readonly options: AuditLogOptions,
    private readonly clock: Clock,
  ) {
    try {
      this.#fd = open(options.path);
      this.#bytes = fstatSync(this.#fd).size;
    } catch (cause) {
      const said = cause instanceof Error ? cause.message : String(cause);
      throw new RemudaError('config.invalid', `The audit log cannot be written: ${said}`, { cause });
    }
  }

  /** Throws `host_bridge.start_failed` if the line could not be written: what is not recorded must not run. */
  write(entry: AuditEntry): void {
    const line = Buffer.from(`${JSON.stringify({ at: new Date(this.clock.now()).toISOString(), ...entry })}\n`);
    try {
      if (this.#bytes > 0 && this.#bytes + line.length > this.options.maxBytes) this.#turnOver();
      const written = writeSync(this.#fd, line);
      this.#bytes += written;
      if (written < line.length) throw new Error('the disk is full');
    } catch (cause) {
      throw new RemudaError('host_bridge.start_failed', 'The audit log cannot be written: nothing runs.', { cause });
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  #turnOver(): void {
    const { path, keep } = this.options;
    const aside = (n: number): string => `${path}.${String(n)}`;
    rmSync(aside(keep), { force: true });
    for (let n = keep; n >= 1; n--) moveIfThere(n === 1 ? path : aside(n - 1), aside(n));
    const next = open(path);
    closeSync(this.#fd);
    this.#fd = next;
    this.#bytes = 0;
  }
}

const open = (path: string): number => openSync(path, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW, 0o600);

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
