import { randomBytes, randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { openSnapshot, packed, placeOfFile, withFile } from '@remuda/blobs';
import {
  RemudaError,
  editMark,
  filePathFault,
  isNewer,
  isOfGit,
  snapshotName,
  type Blobs,
  type Clock,
  type PoolStore,
  type SessionFile,
  type SessionRecord,
  type SessionStore,
  type Snapshot,
  type TranscriptFound,
  type TurnOrigin,
} from '@remuda/domain';
import { afterSaving } from '../after-saving.js';
import { invalid } from '../../input/read-dto.js';
import { clock, poolStore, sessionStore, snapshotRoom } from '../../stores.js';
import { fullFault } from '../../uploads/upload-parts.js';
import { Uploads } from '../../uploads/uploads.js';
import { readTranscript } from './sent-transcript.js';
import { snapshotLimits } from './session-files.js';
import type { SnapshotRoom } from './snapshot-room.js';

/** A file that a client writes. */
export interface SentFile {
  readonly path: string;
  readonly bytes: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * Writes into sessions between their turns: each time a further snapshot, which takes the place of the one before if no turn has
 * begun meanwhile.
 */
@Injectable()
export class SessionEdits {
  constructor(
    @Inject(sessionStore) private readonly store: SessionStore,
    @Inject(snapshotRoom) private readonly room: SnapshotRoom,
    @Inject(poolStore) private readonly pools: PoolStore,
    @Inject(clock) private readonly time: Clock,
    private readonly uploads: Uploads,
  ) {}

  /**
   * Writes a file, in place of the one that is there. Rejects with `session.busy` while a turn is under way, with
   * `session.no_files` before there are any, and with `request.invalid` for a path where no file can be.
   */
  async putFile(session: SessionRecord, { path, bytes, content }: SentFile): Promise<SessionFile> {
    const fault = filePathFault(path) ?? (isOfGit(path) ? 'must not be one of git’s own' : undefined);
    if (fault !== undefined) throw invalid([{ path: 'path', message: fault }]);
    if (bytes > this.room.maxFileBytes)
      throw new RemudaError('request.too_large', `A file may have ${String(this.room.maxFileBytes)} bytes.`);
    const blobs = this.requireBlobs();
    const before = await this.requireOrigin(session);
    const files = async () => (await this.require(openSnapshot(blobs, before, 'files'))).content;
    const place = await placeOfFile(await files(), path, snapshotLimits).catch(asBroken);
    if (place.fault !== undefined)
      throw invalid([{ path: 'path', message: `is not one where a file can be: ${place.fault}` }]);
    const at = Math.max(this.time.now(), before.snapshot.at + 1);
    const conversation = (await this.require(openSnapshot(blobs, before, 'conversation'))).content;
    const packedFiles = withFile(await files(), { path, bytes, content, at, ...place }, snapshotLimits);
    await this.replace(session, { ...before.snapshot, at }, inRow(conversation, packedFiles), before);
    return { path, bytes };
  }

  /**
   * Gives a session the conversation of a Claude Code elsewhere, with which its first turn goes on. Rejects with
   * `transcript.invalid`, and with `session.has_conversation` if it has one.
   */
  async putTranscript(asked: SessionRecord, body: AsyncIterable<Uint8Array>): Promise<TranscriptFound> {
    this.requireBlobs();
    const session = await afterSaving(this.store, asked);
    requireFree(session);
    if (session.snapshotAt !== undefined) throw hasConversation();
    const { kind } = session.settings.workspace;
    if (kind !== 'empty' && kind !== 'upload')
      throw invalid([{ path: 'workspace', message: `of the session must be empty or an upload, not ${kind}` }]);
    const { found, content } = await readTranscript(body);
    const conversation = await gathered(packed({ [`${found.sessionId}.jsonl`]: content }));
    const snapshot = { sessionId: found.sessionId, at: this.time.now(), sessionBytes: conversation.length };
    await this.replace(session, snapshot, inRow([conversation], await this.filesOf(session)));
    const newer = await this.newerThanWorkers(session.settings.profile, found.claudeVersion);
    return { ...found, warnings: [...found.warnings, ...newer] };
  }

  /** Stores the snapshot under a name of its own, and only then lets the session go on from it. */
  private async replace(
    session: SessionRecord,
    said: Omit<Snapshot, 'lease' | 'copy' | 'bytes' | 'sha256'>,
    content: AsyncIterable<Uint8Array>,
    before?: TurnOrigin,
  ): Promise<void> {
    const blobs = this.requireBlobs();
    const job = `${editMark}${randomUUID()}`;
    const copy = { lease: 0, copy: randomBytes(8).toString('hex') };
    const name = snapshotName(job, copy);
    const put = await blobs.put(name, content);
    if (put.kind !== 'stored')
      throw put.kind === 'full'
        ? fullFault()
        : new RemudaError('request.too_large', 'With this, the session would be larger than a snapshot may be.');
    const snapshot = { ...said, ...copy, bytes: put.bytes, sha256: put.sha256 };
    const answer = await this.store.replace(session, { job, snapshot }, before);
    if (answer === 'replaced') return;
    await blobs.remove(name);
    throw answer === 'changed' && !before ? hasConversation() : editFault(answer);
  }

  /** What the session begins with. */
  private async filesOf({ tenant, settings: { workspace } }: SessionRecord): Promise<AsyncIterable<Uint8Array>> {
    return workspace.kind === 'upload' ? this.uploads.content(workspace.upload, tenant) : packed({});
  }

  private async newerThanWorkers(profile: string, version: string | undefined): Promise<readonly string[]> {
    const workers = (await this.pools.workers()).filter((worker) => worker.profile === profile);
    const own = workers.flatMap(({ claudeVersion }) => claudeVersion ?? []);
    if (version === undefined || own.length === 0 || own.some((one) => !isNewer(version, one))) return [];
    return [
      `It was written by Claude Code ${version}, and the workers have ${[...new Set(own)].join(', ')}: what they do not know of it, they leave out.`,
    ];
  }

  private async requireOrigin(asked: SessionRecord): Promise<TurnOrigin> {
    const session = await afterSaving(this.store, asked);
    requireFree(session);
    return this.require(this.store.origin(session));
  }

  private async require<T>(found: Promise<T | undefined>): Promise<T> {
    const there = await found;
    if (there !== undefined) return there;
    throw new RemudaError('session.no_files', 'The session has no files yet: no turn of it is over.');
  }

  private requireBlobs(): Pick<Blobs, 'get' | 'put' | 'remove'> {
    if (this.room.blobs) return this.room.blobs;
    throw new RemudaError('blobs.off', 'This api has no place for files: REMUDA_BLOBS_URL is not set for it.');
  }
}

function requireFree({ state }: SessionRecord): void {
  if (state === 'running') throw editFault('busy');
  if (state === 'stopped') throw editFault('stopped');
}

function editFault(why: 'busy' | 'changed' | 'stopped' | 'unknown'): RemudaError {
  switch (why) {
    case 'busy':
      return new RemudaError('session.busy', 'A turn of the session is under way: write to it between two turns.');
    case 'changed':
      return new RemudaError('session.busy', 'The session has changed while this was written: send it again.');
    case 'stopped':
      return new RemudaError('session.stopped', 'The session is stopped, and its files were deleted.');
    case 'unknown':
      return new RemudaError('session.unknown', 'There is no such session any more.');
  }
}

/** What is wrong with a snapshot is no fault of the request. */
function asBroken(error: unknown): never {
  if (!(error instanceof RemudaError) || error.code !== 'upload.invalid') throw error;
  throw new RemudaError('blobs.broken', 'The snapshot of the session cannot be read.', { cause: error });
}

function hasConversation(): RemudaError {
  return new RemudaError('session.has_conversation', 'The session has a conversation already: create another one.');
}

async function gathered(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* inRow(
  first: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  then: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* first;
  yield* then;
}
