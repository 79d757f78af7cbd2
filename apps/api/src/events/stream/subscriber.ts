import { requireAccess } from '@remuda/domain';
import type { JobEvent, Principal, SessionEvent } from '@remuda/domain';
import type { WebSocket } from 'ws';
import { toProblem } from '../../problems/problem.js';
import type { Following, JobEvents } from '../job-events.js';
import type { SessionEvents } from '../session/session-events.js';
import { eventJson } from './event-json.js';
import type { OpenStream, OpenStreams } from './open-streams.js';
import { readSubscriberRequest, refused, type Subject, type Subscription } from './subscription.js';

/** Maximum number of jobs and sessions that one connection may follow. */
const maxSubscriptions = 100;

/** Where events come from. */
export interface EventSources {
  readonly jobs: Pick<JobEvents, 'follow'>;
  readonly sessions: Pick<SessionEvents, 'follow'>;
}

/**
 * One client of the WebSocket. It sends `{"subscribe": job, "after": id}` or `{"unsubscribe": job}`, and gets
 * `{"job", "event"}`, `{"job", "queuePosition"}` while the job waits, or `{"error", "job"?}` with a problem. The same of
 * sessions with `subscribeSession` and `unsubscribeSession`: `{"session", "id", "turn", "job", "event"}`. The next batch is
 * read only when the previous one has left this process, so that a slow client uses no memory.
 */
export class Subscriber {
  private readonly following = new Map<string, OpenStream>();

  constructor(
    private readonly socket: WebSocket,
    private readonly sources: EventSources,
    private readonly streams: OpenStreams,
    private readonly reader: Principal,
  ) {
    socket.on('message', (data, isBinary) => {
      this.receive(isBinary ? '' : (data as Buffer).toString());
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      for (const stream of this.following.values()) stream.close();
    });
  }

  private receive(text: string): void {
    try {
      const request = readSubscriberRequest(text);
      if (request.begin) this.subscribe(request.subscription);
      else this.unsubscribe(request.subject);
    } catch (error) {
      void this.send({ error: toProblem(error).problem });
    }
  }

  private subscribe(subscription: Subscription): void {
    const { kind, id } = subscription;
    const name = nameOf(subscription);
    const verb = kind === 'job' ? 'subscribe' : 'subscribeSession';
    if (this.following.has(name)) throw refused(verb, `must be a ${kind} that is not subscribed to yet`);
    if (this.following.size >= maxSubscriptions)
      throw refused(verb, `must not exceed ${maxSubscriptions} jobs at a time`);
    if (kind === 'session') requireAccess('sessions:read', this.reader);
    const stream = this.streams.start();
    this.following.set(name, stream);
    void this.pass(subscription, stream.signal)
      .catch((error: unknown) => this.send({ [kind]: id, error: toProblem(error).problem }))
      .finally(() => {
        stream.close();
        if (this.following.get(name) === stream) this.following.delete(name);
      });
  }

  private unsubscribe(subject: Subject): void {
    this.following.get(nameOf(subject))?.close();
    this.following.delete(nameOf(subject));
  }

  private async pass(to: Subscription, signal: AbortSignal): Promise<void> {
    const { kind, id } = to;
    const following = await this.follow(to, signal);
    if (following.ended) return;
    for await (const said of following.stream) {
      if (said.kind === 'events') await Promise.all(said.events.map((event) => this.sendText(messageOf(to, event))));
      else if (said.kind === 'position') await this.send({ [kind]: id, queuePosition: said.position });
      if (signal.aborted) return;
    }
  }

  private follow(to: Subscription, signal: AbortSignal): Promise<Following<JobEvent | SessionEvent>> {
    const { tenant } = this.reader;
    const ref = { tenant, id: to.id };
    return to.kind === 'job'
      ? this.sources.jobs.follow(ref, to.after, 'after', signal)
      : this.sources.sessions.follow({ session: ref, after: to.after, path: 'after' }, signal);
  }

  private send(message: object): Promise<void> {
    return this.sendText(JSON.stringify(message));
  }

  /** Resolves when the message has left this process, or never will. */
  private sendText(message: string): Promise<void> {
    return new Promise((resolve) => {
      this.socket.send(message, () => {
        resolve();
      });
    });
  }
}

const nameOf = ({ kind, id }: Subject): string => `${kind} ${id}`;

function messageOf({ kind, id }: Subject, event: JobEvent | SessionEvent): string {
  if (kind === 'job') return `{"job":${JSON.stringify(id)},"event":${eventJson(event)}}`;
  return JSON.stringify({ session: id, ...event });
}
