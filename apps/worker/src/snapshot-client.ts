import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { PushOutcome, SnapshotNote } from '@remuda/domain';
import {
  artifactsFaultHeader,
  artifactsPath,
  bridgeTokenHeader,
  encodePushNote,
  encodeSnapshotNote,
  originPath,
  parseJson,
  pushNoteHeader,
  pushPath,
  readPushOutcome,
  snapshotBrokenStatus,
  snapshotNoteHeader,
  snapshotPath,
  workspacePath,
  type PushNote,
} from '@remuda/protocol';
import type { SnapshotSource } from './keepers.port.js';

/** Result of sending a snapshot. `refused`: for now or for good, depending on the status. */
export type Sent =
  { readonly kind: 'stored' | 'too_large' | 'full' } | { readonly kind: 'refused'; readonly status: number };

/**
 * Result of asking for a snapshot. `broken`: what is stored is not what was. `refused`: nothing is known of it, and the bridge
 * may answer later.
 */
export type Fetched =
  | { readonly kind: 'content'; readonly content: AsyncIterable<Uint8Array> }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'broken' }
  | { readonly kind: 'refused'; readonly status: number };

const paths = { job: snapshotPath, origin: originPath, workspace: workspacePath } as const;

/** Result of sending artifacts; `why` is the fault of an archive that is refused. */
export type SentArtifacts = Sent & { readonly why?: string };

/** The client of the bridge's snapshot listener, with the job's token. */
export class SnapshotClient {
  constructor(private readonly socketPath: string) {}

  /**
   * Sends a snapshot. Rejects if the bridge cannot be reached, the content breaks off, or the signal aborts: then none
   * is stored.
   */
  async put(token: string, note: SnapshotNote, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Sent> {
    const outgoing = this.#open(
      'PUT',
      { [bridgeTokenHeader]: token, [snapshotNoteHeader]: encodeSnapshotNote(note) },
      signal,
    );
    return sentOf((await this.#send(outgoing, content)).statusCode ?? 0);
  }

  async #send(outgoing: ClientRequest, content: AsyncIterable<Uint8Array>): Promise<IncomingMessage> {
    return this.#exchange(outgoing, content, (answer) => {
      answer.resume();
      return Promise.resolve(answer);
    });
  }

  async #exchange<T>(
    outgoing: ClientRequest,
    content: AsyncIterable<Uint8Array>,
    read: (answer: IncomingMessage) => Promise<T>,
  ): Promise<T> {
    const answered = answerOf(outgoing);
    try {
      // A refusal arrives before everything is sent; then the rest is not sent.
      return await read(await Promise.race([answered, pipeline(content, outgoing).then(() => answered)]));
    } finally {
      answered.catch(() => undefined);
      outgoing.destroy();
    }
  }

  /** Sends the commits to push. Resolves with what came of it, or the status of a refusal. Rejects like `put`. */
  async putCommits(
    token: string,
    note: PushNote,
    pack: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<PushOutcome | number> {
    const headers = { [bridgeTokenHeader]: token, [pushNoteHeader]: encodePushNote(note) };
    return this.#exchange(this.#open('PUT', headers, signal, pushPath), pack, async (answer) => {
      const status = answer.statusCode ?? 0;
      let said = '';
      for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) said += chunk;
      return (status === 200 ? readPushOutcome(parseJson(said)) : undefined) ?? status;
    });
  }

  /** Sends a tar archive with the job's artifacts. Rejects like `put`. */
  async putArtifacts(token: string, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<SentArtifacts> {
    const answer = await this.#send(this.#open('PUT', { [bridgeTokenHeader]: token }, signal, artifactsPath), content);
    const fault = answer.headers[artifactsFaultHeader];
    const why = typeof fault === 'string' ? { why: decodeURIComponent(fault) } : {};
    return { ...sentOf(answer.statusCode ?? 0), ...why };
  }

  /** The job's snapshot, or that from which it takes up its session, to be read to its end. Rejects if the bridge cannot be reached. */
  async get({ of, token }: SnapshotSource, signal: AbortSignal): Promise<Fetched> {
    const path = paths[of];
    const outgoing = this.#open('GET', { [bridgeTokenHeader]: token }, signal, path);
    outgoing.end();
    const answer = await answerOf(outgoing);
    if (answer.statusCode === 200) return { kind: 'content', content: answer };
    answer.resume();
    const { statusCode: status = 0 } = answer;
    if (status === snapshotBrokenStatus) return { kind: 'broken' };
    return status === 404 ? { kind: 'unknown' } : { kind: 'refused', status };
  }

  #open(
    method: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    path = snapshotPath,
  ): ClientRequest {
    const outgoing = httpRequest({ socketPath: this.socketPath, method, path, headers, signal });
    // The bridge closes a connection that says nothing for a second, and it may take longer until there is content.
    outgoing.flushHeaders();
    return outgoing;
  }
}

function answerOf(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.on('error', reject);
  });
}

function sentOf(status: number): Sent {
  switch (status) {
    case 204:
      return { kind: 'stored' };
    case 413:
      return { kind: 'too_large' };
    case 507:
      return { kind: 'full' };
    default:
      return { kind: 'refused', status };
  }
}
