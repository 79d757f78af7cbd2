import type { IncomingMessage, ServerResponse } from 'node:http';
import { pushNoteHeader, readPushNote, type BridgeGrant } from '@remuda/protocol';
import { push, type PushParts } from '../git/push/push.js';

/** A request to push commits. */
export interface PushExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The request's body. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** Pushes the commits in a request's body, and answers with what came of it. */
export async function pushCommits(
  { request, response, content }: PushExchange,
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
  const outcome = await push(grant, { note, content }, parts, gone.signal);
  request.resume();
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(outcome));
  return 'read';
}
