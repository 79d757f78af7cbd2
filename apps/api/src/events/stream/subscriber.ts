import { RemudaError } from '@remuda/domain';
import { isRecord, parseJson } from '@remuda/protocol';
import type { WebSocket } from 'ws';
import { toProblem } from '../../problems/problem.js';
import type { JobEvents } from '../job-events.js';
import type { OpenStream, OpenStreams } from './open-streams.js';
import { badPosition } from '../position.js';

/** The messages of a client. */
type Request = { readonly subscribe: string; readonly after: number } | { readonly unsubscribe: string };

/** Maximum number of jobs that one connection may follow. */
const maxSubscriptions = 100;

/**
 * One client of the WebSocket. It sends `{"subscribe": job, "after": id}` or `{"unsubscribe": job}`, and gets
 * `{"job", "event"}`, `{"job", "queuePosition"}` while the job waits, or `{"error", "job"?}` with a problem. The next
 * batch of a job is read only when the previous one has left this process, so that a slow client uses no memory.
 */
export class Subscriber {
  private readonly following = new Map<string, OpenStream>();

  constructor(
    private readonly socket: WebSocket,
    private readonly events: JobEvents,
    private readonly streams: OpenStreams,
    private readonly tenant: string,
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
      const request = readRequest(text);
      if ('unsubscribe' in request) this.unsubscribe(request.unsubscribe);
      else this.subscribe(request.subscribe, request.after);
    } catch (error) {
      void this.send({ error: toProblem(error).problem });
    }
  }

  private subscribe(job: string, after: number): void {
    if (this.following.has(job)) throw refused('subscribe', 'must be a job that is not subscribed to yet');
    if (this.following.size >= maxSubscriptions)
      throw refused('subscribe', `must not exceed ${maxSubscriptions} jobs at a time`);
    const stream = this.streams.start();
    this.following.set(job, stream);
    void this.pass(job, after, stream.signal)
      .catch((error: unknown) => this.send({ job, error: toProblem(error).problem }))
      .finally(() => {
        stream.close();
        if (this.following.get(job) === stream) this.following.delete(job);
      });
  }

  private unsubscribe(job: string): void {
    this.following.get(job)?.close();
    this.following.delete(job);
  }

  private async pass(job: string, after: number, signal: AbortSignal): Promise<void> {
    const following = await this.events.follow({ tenant: this.tenant, id: job }, after, 'after', signal);
    if (following.ended) return;
    for await (const said of following.stream) {
      if (said.kind === 'events') await Promise.all(said.events.map((event) => this.send({ job, event })));
      else if (said.kind === 'position') await this.send({ job, queuePosition: said.position });
      if (signal.aborted) return;
    }
  }

  /** Resolves when the message has left this process, or never will. */
  private send(message: object): Promise<void> {
    return new Promise((resolve) => {
      this.socket.send(JSON.stringify(message), () => {
        resolve();
      });
    });
  }
}

function readRequest(text: string): Request {
  const value = parseJson(text);
  if (!isRecord(value)) throw new RemudaError('request.malformed', 'A message must be a JSON object.');
  const { subscribe, unsubscribe, after = 0, ...others } = value;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw refused(unknown, 'is not a known field');
  if (subscribe !== undefined && unsubscribe !== undefined)
    throw refused('unsubscribe', 'cannot be combined with subscribe');
  if (typeof unsubscribe === 'string') return { unsubscribe };
  if (typeof subscribe !== 'string') throw refused('subscribe', 'must be the id of a job');
  if (typeof after !== 'number' || !Number.isSafeInteger(after) || after < 0)
    throw badPosition('after', 'must be the id of an event: a whole number, 0 or greater');
  return { subscribe, after };
}

function refused(path: string, message: string): RemudaError {
  return new RemudaError('request.invalid', `${path} ${message}`, { faults: [{ path, message }] });
}
