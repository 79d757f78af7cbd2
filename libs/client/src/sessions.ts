import type { Client } from 'openapi-fetch';
import { asItIs, contentOf, type Answer } from './answer.js';
import { followSession, type FollowOptions, type OpenStream } from './follow.js';
import type { paths } from './schema.js';
import type {
  AcceptedTurn,
  Message,
  MessagePage,
  Session,
  SessionEvent,
  SessionFile,
  SessionFilePage,
  SessionPage,
  SessionRequest,
  Transcript,
  TurnRequest,
} from './shapes.js';

/** What the sessions need of the client. */
export interface SessionLine {
  readonly http: Client<paths>;
  /** Opens the event stream at this path, behind an event. */
  readonly stream: (path: string) => OpenStream<string>;
  /** The answer's data; throws what the api refuses. */
  readonly taken: <T>(answer: Answer<T>) => T;
}

/** Pages a list of sessions. */
export type SessionPageQuery = NonNullable<paths['/api/v1/sessions']['get']['parameters']['query']>;

/** The sessions of the api: conversations that keep their files from turn to turn. Rejects as the client does. */
export class Sessions {
  constructor(private readonly line: SessionLine) {}

  async create(session: SessionRequest = {}): Promise<Session> {
    return this.line.taken(await this.line.http.POST('/api/v1/sessions', { body: session }));
  }

  async get(id: string): Promise<Session> {
    return this.line.taken(await this.line.http.GET('/api/v1/sessions/{id}', { params: { path: { id } } }));
  }

  /** A further session that goes on from this one, as it was after the turn; by default, after its last one. Rejects with `session.cannot_fork`. */
  async fork(id: string, turn?: number): Promise<Session> {
    const body = turn === undefined ? {} : { turn };
    return this.line.taken(await this.line.http.POST('/api/v1/sessions/{id}/fork', { params: { path: { id } }, body }));
  }

  /** A page of sessions, newest first. */
  async list(query: SessionPageQuery = {}): Promise<SessionPage> {
    return this.line.taken(await this.line.http.GET('/api/v1/sessions', { params: { query } }));
  }

  /** Sends a turn: a job, which can be followed and cancelled as any. */
  async send(id: string, turn: TurnRequest, idempotencyKey?: string): Promise<AcceptedTurn> {
    const header = idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey };
    const params = { path: { id }, header };
    const answer = await this.line.http.POST('/api/v1/sessions/{id}/turns', { body: turn, params });
    return this.line.taken(answer) as AcceptedTurn;
  }

  /** Every event of all turns, live, until the session has ended; a broken stream is opened again where it broke. */
  follow(id: string, options: FollowOptions<string> = {}): AsyncGenerator<SessionEvent, void> {
    return followSession(this.line.stream(`/api/v1/sessions/${encodeURIComponent(id)}/events`), options);
  }

  /** A part of what was said: up to `limit` turns behind the turn `after`. */
  async messagePage(id: string, query: { after?: number; limit?: number } = {}): Promise<MessagePage> {
    const params = { path: { id }, query };
    return this.line.taken(await this.line.http.GET('/api/v1/sessions/{id}/messages', { params }));
  }

  /** All that was said so far, also in the turn that is under way. */
  async messages(id: string): Promise<readonly Message[]> {
    const messages: Message[] = [];
    for (let after = 0; ;) {
      const page = await this.messagePage(id, { after });
      messages.push(...page.messages);
      const { next, complete } = page;
      if (complete || next === after || page.messages.some(({ turn }) => turn > next)) return messages;
      after = page.next;
    }
  }

  /** A part of the list of its files: up to `limit` (1,000) whose paths come after `after`. Rejects with `session.no_files` before a turn is over. */
  async filePage(id: string, query: { after?: string; limit?: number } = {}): Promise<SessionFilePage> {
    const params = { path: { id }, query };
    return this.line.taken(await this.line.http.GET('/api/v1/sessions/{id}/files', { params }));
  }

  /** Its files as its last turn has left them, by their paths, without those of git. */
  async *files(id: string): AsyncGenerator<SessionFile, void> {
    for (let after: string | undefined = ''; after !== undefined;) {
      const page: SessionFilePage = await this.filePage(id, { after });
      yield* page.files;
      after = page.next;
    }
  }

  /** The content of one of its files. Rejects with `file.unknown`. */
  async file(id: string, path: string): Promise<ReadableStream<Uint8Array>> {
    const params = { path: { id, path } };
    const answer = await this.line.http.GET('/api/v1/sessions/{id}/files/{path}', { params, parseAs: 'stream' });
    return contentOf(this.line.taken(answer));
  }

  /** Writes one of its files between two turns; its folders are made. Rejects with `session.busy` while a turn is under way. */
  async putFile(id: string, path: string, content: Blob | Uint8Array<ArrayBuffer> | string): Promise<SessionFile> {
    const params = { path: { id, path } };
    const body = content as unknown as string;
    return this.line.taken(await this.line.http.PUT('/api/v1/sessions/{id}/files/{path}', { params, body, ...asItIs }));
  }

  /** Gives a new session the conversation of a Claude Code elsewhere: its transcript, JSON lines. Rejects with `transcript.invalid`. */
  async putTranscript(id: string, content: Blob | Uint8Array<ArrayBuffer> | string): Promise<Transcript> {
    const params = { path: { id } };
    const body = content as unknown as string;
    return this.line.taken(await this.line.http.PUT('/api/v1/sessions/{id}/transcript', { params, body, ...asItIs }));
  }

  /** The conversation as JSON lines of Claude Code, with which `claude --resume` goes on elsewhere. */
  async transcript(id: string): Promise<ReadableStream<Uint8Array>> {
    const params = { path: { id } };
    const answer = await this.line.http.GET('/api/v1/sessions/{id}/transcript', { params, parseAs: 'stream' });
    return contentOf(this.line.taken(answer));
  }

  /** Takes no more turns, and ends those that are not over. Its files are deleted. */
  async stop(id: string): Promise<Session> {
    return this.line.taken(await this.line.http.POST('/api/v1/sessions/{id}/stop', { params: { path: { id } } }));
  }

  /** Deletes a session that is stopped; rejects with `session.busy` before. */
  async remove(id: string): Promise<void> {
    this.line.taken(await this.line.http.DELETE('/api/v1/sessions/{id}', { params: { path: { id } } }));
  }
}
