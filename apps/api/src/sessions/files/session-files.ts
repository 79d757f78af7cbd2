import { Inject, Injectable } from '@nestjs/common';
import { openSnapshot, unpack, type OpenEntry, type SnapshotPart } from '@remuda/blobs';
import {
  RemudaError,
  SessionFileList,
  filePathFault,
  isOfGit,
  pathInWorkspace,
  type SessionFilePart,
  type SessionRecord,
  type SessionStore,
  type Snapshot,
} from '@remuda/domain';
import { afterSaving } from '../after-saving.js';
import { invalid } from '../../input/read-dto.js';
import { sessionStore, snapshotRoom } from '../../stores.js';
import type { SnapshotRoom } from './snapshot-room.js';

/** What a packed session may unpack to: the limit of a fault, not of a plan. */
export const snapshotLimits = { maxBytes: 64 * 1024 ** 3, maxEntries: 10_000_000 };

/** A file that is read. */
export interface OpenFile {
  readonly bytes: number;
  /** Its last bytes come once all of the snapshot has been checked. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** What a transcript is called where Claude Code looks for it. */
export interface OpenTranscript extends OpenFile {
  readonly name: string;
}

/** What sessions have in their latest snapshots. No worker is asked. */
@Injectable()
export class SessionFiles {
  constructor(
    @Inject(sessionStore) private readonly store: SessionStore,
    @Inject(snapshotRoom) private readonly room: SnapshotRoom,
  ) {}

  /** A part of the list of its files, without git's own, and when they were so (epoch ms). */
  async list(
    session: SessionRecord,
    { after, limit }: { readonly after: string; readonly limit: number },
  ): Promise<SessionFilePart & { readonly at: number }> {
    const list = new SessionFileList(after, limit);
    const { snapshot, entries } = await this.open(session, 'files');
    for await (const entry of read(entries)) {
      const path = entry.kind === 'file' ? pathInWorkspace(entry.path) : undefined;
      if (path !== undefined && !isOfGit(path)) list.add({ path, bytes: entry.bytes });
      await pass(entry);
    }
    return { ...list.part(), at: snapshot.at };
  }

  /** One of its files. Rejects with `file.unknown`, and with `request.invalid` for a path of anything else. */
  async one(session: SessionRecord, path: string): Promise<OpenFile> {
    const fault = filePathFault(path);
    if (fault !== undefined) throw invalid([{ path: 'path', message: fault }]);
    const { entries } = await this.open(session, 'files');
    return find(entries, path);
  }

  /** The conversation as Claude Code has written it. */
  async transcript(session: SessionRecord): Promise<OpenTranscript> {
    const { snapshot, entries } = await this.open(session, 'conversation');
    const name = `${snapshot.sessionId}.jsonl`;
    return { ...(await find(entries, name)), name };
  }

  /** A snapshot may be replaced, and the one before removed, after we were told of it: then it is asked for again. */
  private async open(
    session: SessionRecord,
    part: SnapshotPart,
  ): Promise<{ readonly snapshot: Snapshot; readonly entries: AsyncGenerator<OpenEntry> }> {
    const { blobs } = this.room;
    if (!blobs)
      throw new RemudaError('blobs.off', 'This api has no place for files: REMUDA_BLOBS_URL is not set for it.');
    if (session.state === 'stopped')
      throw new RemudaError('session.stopped', 'The session is stopped, and its files were deleted.');
    await afterSaving(this.store, session);
    for (let tries = 0; tries < 2; tries++) {
      const origin = await this.store.origin(session);
      if (!origin) throw new RemudaError('session.no_files', 'The session has no files yet: no turn of it is over.');
      const opened = await openSnapshot(blobs, origin, part);
      if (opened) return { snapshot: origin.snapshot, entries: unpack(opened.content, snapshotLimits) };
    }
    throw new RemudaError('session.no_files', 'The snapshot of the session is not where this api looks for files.');
  }
}

/** A file within a snapshot: what is no file is refused, also on the way to it. */
async function find(entries: AsyncGenerator<OpenEntry>, path: string): Promise<OpenFile> {
  const rest = read(entries);
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    const entry = next.value;
    const at = pathInWorkspace(entry.path);
    const isIt = at === path;
    if (isIt && entry.kind === 'file') return { bytes: entry.bytes, content: checkedTo(entry, rest) };
    if (isIt || (entry.kind === 'link' && at !== undefined && path.startsWith(`${at}/`))) {
      await rest.return(undefined);
      throw invalid([{ path: 'path', message: `is not that of a file: ${JSON.stringify(at)} is a ${nameOf(entry)}` }]);
    }
    await pass(entry);
  }
  throw new RemudaError('file.unknown', `The session has no file ${JSON.stringify(path.slice(0, 200))}.`);
}

function nameOf({ kind }: OpenEntry): string {
  return kind === 'other' || kind === 'device' ? 'special file' : kind;
}

/** A file's content. Its end is held back until all that follows it was read: then the snapshot's digest is right. */
async function* checkedTo(entry: OpenEntry, rest: AsyncGenerator<OpenEntry>): AsyncGenerator<Uint8Array> {
  try {
    let last: Uint8Array | undefined;
    for await (const chunk of entry.content) {
      if (last) yield last;
      last = chunk;
    }
    for await (const other of rest) await pass(other);
    if (last) yield last;
  } finally {
    await rest.return(undefined);
  }
}

async function pass({ content }: OpenEntry): Promise<void> {
  const chunks = content[Symbol.asyncIterator]();
  while ((await chunks.next()).done !== true);
}

/** What is wrong with a snapshot is no fault of the request. */
async function* read(entries: AsyncGenerator<OpenEntry>): AsyncGenerator<OpenEntry, undefined> {
  try {
    yield* entries;
  } catch (error) {
    if (!(error instanceof RemudaError) || error.code !== 'upload.invalid') throw error;
    throw new RemudaError('blobs.broken', 'The snapshot of the session cannot be read.', { cause: error });
  }
  return undefined;
}
