import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { SnapshotNote } from '@remuda/domain';
import { bridgeTokenHeader, encodeSnapshotNote, snapshotNoteHeader, snapshotPath } from '@remuda/protocol';

/** What became of a snapshot that was sent. `refused`: for now, or for good, by the status that is given with it. */
export type Sent =
  { readonly kind: 'stored' | 'too_large' | 'full' } | { readonly kind: 'refused'; readonly status: number };

/** The bridge's snapshot listener, as a worker calls it with its job's token. */
export class SnapshotClient {
  constructor(private readonly socketPath: string) {}

  /** Sends a snapshot. Rejects when the bridge can't be reached, the content breaks off, or the signal aborts: then none is kept. */
  async put(token: string, note: SnapshotNote, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Sent> {
    const outgoing = this.#open(
      'PUT',
      { [bridgeTokenHeader]: token, [snapshotNoteHeader]: encodeSnapshotNote(note) },
      signal,
    );
    const answered = answerOf(outgoing);
    try {
      // A refusal comes before all is sent; then the rest is not.
      const first = await Promise.race([answered, pipeline(content, outgoing).then(() => answered)]);
      first.resume();
      return sentOf(first.statusCode ?? 0);
    } finally {
      answered.catch(() => undefined);
      outgoing.destroy();
    }
  }

  /** The job's snapshot, to be read to its end; undefined where there is none. Rejects when the bridge can't be reached. */
  async get(token: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined> {
    const outgoing = this.#open('GET', { [bridgeTokenHeader]: token }, signal);
    outgoing.end();
    const answer = await answerOf(outgoing);
    if (answer.statusCode === 200) return answer;
    answer.resume();
    return undefined;
  }

  #open(method: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): ClientRequest {
    return httpRequest({ socketPath: this.socketPath, method, path: snapshotPath, headers, signal });
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
