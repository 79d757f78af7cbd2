import { mkdir } from 'node:fs/promises';
import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import { FolderLock } from './folder-lock.js';
import { PgliteThread } from './pglite-thread.js';

/** The form of a pool for the one connection that a PGlite has: whoever has it keeps the others waiting. */
export class PglitePool implements PostgresPool {
  #thread: PgliteThread | undefined;
  #lock: FolderLock | undefined;
  #line: Promise<void> = Promise.resolve();

  /** `folder` of its data, which is created; one process has it at a time. */
  constructor(private readonly folder: string) {}

  async connect(): Promise<PostgresPoolClient> {
    const before = this.#line;
    let release: () => void = () => undefined;
    this.#line = new Promise((resolve) => (release = resolve));
    await before;
    try {
      const thread = await this.#open();
      const query = (text: string, values: readonly unknown[]) => ask(thread, text, values);
      return { query: query as PostgresPoolClient['query'], release };
    } catch (error) {
      release();
      throw error;
    }
  }

  async end(): Promise<void> {
    await this.#line;
    await this.#thread?.close();
    await this.#lock?.release();
    this.#thread = undefined;
    this.#lock = undefined;
  }

  async #open(): Promise<PgliteThread> {
    if (this.#thread && !this.#thread.over) return this.#thread;
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    this.#lock ??= await FolderLock.take(this.folder);
    return (this.#thread = new PgliteThread(`${this.folder}/data`));
  }
}

async function ask<R>(thread: PgliteThread, text: string, values: readonly unknown[]): Promise<PostgresQueryResult<R>> {
  const { rows = [], count = 0 } = await thread.query(text, values);
  const command = (/^\s*(\w+)/.exec(text)?.[1] ?? '').toUpperCase() as PostgresQueryResult<R>['command'];
  return { command, rowCount: count, rows: rows as R[] };
}
