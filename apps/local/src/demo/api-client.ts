import { EventSourceParserStream } from 'eventsource-parser/stream';
import { isOver, type JobEvent } from '@remuda/domain';
import type {
  AcceptedJobView,
  HaltView,
  JobRequest,
  JobResultView,
  JobView,
  PoolListView,
  PoolView,
} from '@remuda/protocol';
import { setTimeout as sleep } from 'node:timers/promises';

const tellEveryMs = 10_000;

/** State of a pool for a person who waits for it: its halts, otherwise the phases of its workers. */
export function poolStanding(
  pool: (Pick<PoolView, 'workers'> & { readonly halts: readonly Pick<HaltView, 'kind' | 'reason'>[] }) | undefined,
): string {
  if (pool === undefined) return 'the scheduler has not started';
  const halts = pool.halts.map(({ kind, reason }) => `${kind}: ${reason}`);
  const workers = Object.entries(pool.workers).filter(([phase, count]) => phase !== 'gone' && count > 0);
  const phases = workers.map(([phase, count]) => `${count} ${phase}`);
  return [...halts, phases.length === 0 ? 'no worker yet' : `workers: ${phases.join(', ')}`].join('; ');
}

/** A client of the API for the demo and the tests. Rejects with the API's problem if it refuses. */
export class ApiClient {
  constructor(readonly url: string) {}

  /** Submits a job and returns its id. */
  async submit(job: JobRequest, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    const response = await this.request('/jobs', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(job),
    });
    return ((await response.json()) as AcceptedJobView).id;
  }

  async job(id: string): Promise<JobView> {
    return (await (await this.request(`/jobs/${id}`)).json()) as JobView;
  }

  async result(id: string): Promise<JobResultView> {
    return (await (await this.request(`/jobs/${id}/result`)).json()) as JobResultView;
  }

  async cancel(id: string): Promise<void> {
    await this.request(`/jobs/${id}/cancel`, { method: 'POST' });
  }

  /** Every event of a job above `after`, live, until the job is over; a broken stream is resumed. */
  async *events(id: string, after = 0): AsyncGenerator<JobEvent> {
    let last = after;
    for (;;) {
      const headers = { accept: 'text/event-stream', 'last-event-id': String(last) };
      const { body } = await this.request(`/jobs/${id}/events`, { headers });
      // No content: the stream has already ended.
      if (body === null) return;
      for await (const event of eventsIn(body)) {
        last = event.id;
        yield event;
        if (event.type === 'job.over') return;
      }
      await sleep(200);
    }
  }

  /**
   * Waits until a pool has idle workers; false if the signal aborts first. Reports the state of the pool every 10 s.
   */
  async warm(
    profile: string,
    workers: number,
    signal: AbortSignal,
    tell: (standing: string) => void = () => undefined,
  ): Promise<boolean> {
    const began = performance.now();
    let told = began;
    while (!signal.aborted) {
      const { pools } = (await (await this.request('/pools')).json()) as PoolListView;
      const pool = pools.find((one) => one.profile === profile);
      if ((pool?.workers.idle ?? 0) >= workers) return true;
      const now = performance.now();
      if (now - told >= tellEveryMs) {
        told = now;
        tell(`${poolStanding(pool)}, ${((now - began) / 1_000).toFixed(0)} s so far`);
      }
      await sleep(100);
    }
    return false;
  }

  /** Waits until a job is over and returns its view in the API. */
  async over(id: string): Promise<JobView> {
    for await (const event of this.events(id)) if (event.type === 'job.over') break;
    const job = await this.job(id);
    if (!isOver(job.state)) throw new Error(`${id} was reported as over, but is ${job.state}`);
    return job;
  }

  private async request(path: string, init?: RequestInit): Promise<Response> {
    const response = await fetch(`${this.url}/api/v1${path}`, init);
    if (response.ok) return response;
    throw new Error(`${init?.method ?? 'GET'} ${path}: ${response.status} ${await response.text()}`);
  }
}

async function* eventsIn(body: ReadableStream<Uint8Array>): AsyncGenerator<JobEvent> {
  const messages = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  // A message without an id is not an event of the job: it is the job's position in the queue.
  for await (const { id, data } of messages) if (id !== undefined) yield JSON.parse(data) as JobEvent;
}
