import { constants } from 'node:fs';
import { lstat, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Arrived, Clock } from '@remuda/domain';
import { isRecord } from '@remuda/protocol';
import { parseMessage } from '../frames.js';
import { idOfFile, isMessageFile } from './names.js';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/**
 * A file that was written so short a time ago, in ms, may not be complete: not everybody writes under another name first,
 * a shell's `>` for example. Then it is read again.
 */
const unsettledMs = 300;
const againMs = 50;

/** What is read, and what is refused. */
export interface IncomingLimits {
  readonly maxBytes: number;
  /** A message that has waited longer is refused, in ms. */
  readonly ttlMs: number;
  readonly clock: Clock;
}

/** A folder out of which one side reads, the oldest file first. */
export class Incoming {
  readonly #passedOver = new Set<string>();

  /** With `takenTo` a file is kept there after it was read, until `forget`; otherwise it is gone. */
  constructor(
    private readonly folder: string,
    private readonly limits: IncomingLimits,
    private readonly takenTo?: string,
  ) {}

  /** Names of the messages that wait, in the order in which they were written. */
  async waiting(): Promise<readonly string[]> {
    const names = (await readdir(this.folder)).filter((name) => isMessageFile(name) && !this.#passedOver.has(name));
    const aged = await Promise.all(names.map(async (name) => ({ name, at: await this.#writtenAt(name) })));
    const there = aged.filter((one): one is { name: string; at: bigint } => one.at !== undefined);
    return there.sort((a, b) => Number(a.at - b.at) || (a.name < b.name ? -1 : 1)).map(({ name }) => name);
  }

  /** Takes a message; undefined if somebody else was faster, or it is a folder. */
  async take(name: string): Promise<Arrived | undefined> {
    const ref = idOfFile(name);
    const named = ref === undefined ? {} : { ref };
    if (this.takenTo !== undefined && (await exists(join(this.takenTo, name)))) {
      await rm(join(this.folder, name), { force: true });
      return { kind: 'invalid', reason: `${ref ?? name} is waiting or under way already`, bytes: 0 };
    }
    const path = await this.#claim(name);
    if (path === undefined) return undefined;
    const arrived = await this.#read(path);
    const isKept = this.takenTo !== undefined && ref !== undefined && !isOrder(arrived);
    if (!isKept) await rm(path, { force: true });
    return { ...arrived, ...named };
  }

  /** Forgets a message that was taken: what it asked for has been answered. */
  async forget(id: string): Promise<void> {
    if (this.takenTo !== undefined) await rm(join(this.takenTo, `${id}.json`), { force: true });
  }

  async #writtenAt(name: string): Promise<bigint | undefined> {
    const found = await lstat(join(this.folder, name), { bigint: true }).catch(() => undefined);
    // A folder is nobody's message, and what is in it is not ours to remove.
    if (found?.isDirectory()) this.#passedOver.add(name);
    return found && !found.isDirectory() ? found.mtimeNs : undefined;
  }

  /** Of several readers one gets it. */
  async #claim(name: string): Promise<string | undefined> {
    const path = join(this.folder, name);
    if (this.takenTo === undefined) return path;
    const taken = join(this.takenTo, name);
    return rename(path, taken).then(
      () => taken,
      () => undefined,
    );
  }

  async #read(path: string): Promise<Arrived> {
    let file: FileHandle | undefined;
    try {
      // A named pipe or a link in its place is not followed, and nobody waits for its other end.
      file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      return await this.#readFile(file);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
      return invalid(code === 'ELOOP' ? 'it is not a plain file' : `its file cannot be read (${code})`);
    } finally {
      await file?.close();
    }
  }

  async #readFile(file: FileHandle): Promise<Arrived> {
    const { maxBytes, ttlMs, clock } = this.limits;
    const now = (): number => clock.now();
    const found = await file.stat();
    if (!found.isFile()) return invalid('it is not a plain file');
    if (found.size > maxBytes) return invalid(`the message is larger than ${String(maxBytes)} bytes`, found.size);
    if (now() - found.mtimeMs > ttlMs) return invalid(`it has waited for more than ${String(ttlMs)} ms`, found.size);
    const { buffer } = await file.read(Buffer.alloc(found.size), 0, found.size, 0);
    const arrived = parseMessage(buffer);
    if (arrived.kind === 'message' || now() - found.mtimeMs > unsettledMs) return arrived;
    await clock.sleep(againMs);
    return this.#readFile(file);
  }
}

const invalid = (reason: string, bytes = 0): Arrived => ({ kind: 'invalid', reason, bytes });

/** Nobody answers an order, such as a cancel. */
const isOrder = (arrived: Arrived): boolean =>
  arrived.kind === 'message' && isRecord(arrived.value) && 'kind' in arrived.value;

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );
