import type { IncomingMessage, ServerResponse } from 'node:http';
import { pushNoteHeader, readPushNote, type BridgeGrant } from '@remuda/protocol';
import { push, type PushParts } from '../git/push/push.js';

/** Pushes the commits in a request's body, and answers with what came of it. */
export async function pushCommits(
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  parts: PushParts,
  grant: BridgeGrant,
): Promise<'read' | 'malformed' | 'refused'> {
  if (!grant.push) return 'refused';
  const header = request.headers[pushNoteHeader];
  const note = typeof header === 'string' ? readPushNote(header) : undefined;
  if (!note) return 'malformed';
  const gone = new AbortController();
  response.once('close', () => {
    gone.abort();
  });
  const body = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  const content = untilRead(body, () => request.socket.setTimeout(0));
  const outcome = await push(grant, { note, content }, parts, gone.signal);
  request.resume();
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(outcome));
  return 'read';
}

/** Once all is read, the worker waits in silence while the server of the repository is talked to. */
async function* untilRead(content: AsyncIterable<Uint8Array>, onEnd: () => void): AsyncGenerator<Uint8Array> {
  yield* content;
  onEnd();
}
