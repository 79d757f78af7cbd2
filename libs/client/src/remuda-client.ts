import createClient, { type Client } from 'openapi-fetch';
import { apiError, ConnectionError } from './api-error.js';
import { Files } from './files.js';
import { follow, type FollowOptions, type OpenStream } from './follow.js';
import type { paths } from './schema.js';
import { Sessions } from './sessions.js';
import type {
  AcceptedJob,
  EndedAttempt,
  Job,
  JobEvent,
  JobPage,
  JobRequest,
  JobResult,
  Pool,
  RedriveOutcomes,
  Tenant,
  Worker,
} from './shapes.js';

/** Where the api is, and who asks. */
export interface ClientOptions {
  /** Address of the api, without a path: `http://127.0.0.1:7373`. */
  readonly url: string;
  /** Bearer token, where the api wants one. */
  readonly token?: string;
  /** `fetch` of this Node by default. */
  readonly fetch?: typeof globalThis.fetch;
}

/** How a job is run. */
export interface RunOptions extends FollowOptions {
  /** Called with each event. */
  readonly onEvent?: (event: JobEvent) => void;
  /** For 24 h the same key and job return the same job. */
  readonly idempotencyKey?: string;
}

/** A job that is over, with its result. */
export interface JobOutcome {
  readonly job: Job;
  readonly result: JobResult;
}

/** Which jobs a list has: a state, a profile, a label as `name:value`. */
export type JobFilter = NonNullable<paths['/api/v1/jobs']['get']['parameters']['query']>;

/**
 * A client of the api, with types made from its OpenAPI document. Every method rejects with ApiError where the api
 * refuses, and with ConnectionError where it cannot be reached.
 */
export class RemudaClient {
  readonly url: string;
  /** Every operation of the api by its path. */
  readonly http: Client<paths>;
  readonly sessions: Sessions;
  readonly files: Files;
  readonly #fetch: typeof globalThis.fetch;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ url, token, fetch = globalThis.fetch }: ClientOptions) {
    this.url = url.replace(/\/+$/, '');
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    this.#fetch = async (input, init) => {
      try {
        return await fetch(input, init);
      } catch (error) {
        if (error instanceof Error && error.name === 'AbortError') throw error;
        throw new ConnectionError(this.url, error);
      }
    };
    this.http = createClient<paths>({
      baseUrl: this.url,
      headers: this.#headers,
      fetch: (input) => this.#fetch(input),
    });
    this.files = new Files({ http: this.http, taken: (answer) => this.#taken(answer) });
    this.sessions = new Sessions({
      http: this.http,
      stream: (path) => this.#stream(path),
      taken: (answer) => this.#taken(answer),
    });
  }

  /** Submits a job. */
  async submit(job: JobRequest, idempotencyKey?: string): Promise<AcceptedJob> {
    const header = idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey };
    return this.#taken(await this.http.POST('/api/v1/jobs', { body: job, params: { header } })) as AcceptedJob;
  }

  /** Submits a job and follows it until it is over. */
  async run(job: JobRequest, { onEvent, idempotencyKey, ...options }: RunOptions = {}): Promise<JobOutcome> {
    const { id } = await this.submit(job, idempotencyKey);
    for await (const event of this.follow(id, options)) onEvent?.(event);
    return this.outcome(id);
  }

  /** Every event of a job, live, until it is over; a broken stream is opened again where it broke. */
  follow(id: string, options: FollowOptions = {}): AsyncGenerator<JobEvent, void> {
    return follow(this.#stream(`/api/v1/jobs/${encodeURIComponent(id)}/events`), options);
  }

  /** A job that is over, with its result. */
  async outcome(id: string): Promise<JobOutcome> {
    const [job, result] = await Promise.all([this.job(id), this.result(id)]);
    return { job, result };
  }

  async job(id: string): Promise<Job> {
    return this.#taken(await this.http.GET('/api/v1/jobs/{id}', { params: { path: { id } } }));
  }

  /** Rejects with `job.not_over` while it is not over. */
  async result(id: string): Promise<JobResult> {
    return this.#taken(await this.http.GET('/api/v1/jobs/{id}/result', { params: { path: { id } } }));
  }

  /** The attempts of a job that ended without success, oldest first. */
  async attempts(id: string): Promise<readonly EndedAttempt[]> {
    return this.#taken(await this.http.GET('/api/v1/jobs/{id}/attempts', { params: { path: { id } } })).attempts;
  }

  /** A page of jobs, newest first. */
  async jobs(filter: JobFilter = {}): Promise<JobPage> {
    return this.#taken(await this.http.GET('/api/v1/jobs', { params: { query: filter } }));
  }

  /** All jobs of a filter, page by page. */
  async *allJobs(filter: JobFilter = {}): AsyncGenerator<Job, void> {
    for (let cursor = filter.cursor; ;) {
      const page = await this.jobs({ ...filter, ...(cursor !== undefined && { cursor }) });
      yield* page.jobs;
      if (page.nextCursor === undefined) return;
      cursor = page.nextCursor;
    }
  }

  /** Ends a job before its time; one that waits is over at once, one that runs soon. */
  async cancel(id: string, reason?: string): Promise<void> {
    const body = reason === undefined ? {} : { reason };
    this.#taken(await this.http.POST('/api/v1/jobs/{id}/cancel', { params: { path: { id } }, body }));
  }

  /** Queues failed jobs again, up to 500 at once. */
  async redrive(ids: readonly string[]): Promise<RedriveOutcomes> {
    return this.#taken(await this.http.POST('/api/v1/dead-letters/redrive', { body: { ids: [...ids] } }));
  }

  async pools(): Promise<readonly Pool[]> {
    return this.#taken(await this.http.GET('/api/v1/pools')).pools;
  }

  /** The own tenant; with the scope `admin` all that have jobs, up to 100. */
  async tenants(): Promise<readonly Tenant[]> {
    return this.#taken(await this.http.GET('/api/v1/tenants')).tenants;
  }

  async workers(): Promise<readonly Worker[]> {
    return this.#taken(await this.http.GET('/api/v1/workers')).workers;
  }

  /** Lets a pool's workers finish and leave; none is started until it is resumed. */
  async drainPool(profile: string, reason?: string): Promise<void> {
    const body = reason === undefined ? {} : { reason };
    this.#taken(await this.http.POST('/api/v1/pools/{profile}/drain', { params: { path: { profile } }, body }));
  }

  /** Ends a pool's pause, drain or suspension. */
  async resumePool(profile: string): Promise<void> {
    this.#taken(await this.http.POST('/api/v1/pools/{profile}/resume', { params: { path: { profile } } }));
  }

  /** The api's OpenAPI document. */
  async document(): Promise<Readonly<Record<string, unknown>>> {
    const response = await this.#fetch(`${this.url}/api/docs-json`, { headers: this.#headers });
    if (!response.ok) throw apiError(response, await response.json().catch(() => undefined));
    return (await response.json()) as Readonly<Record<string, unknown>>;
  }

  #stream(path: string): OpenStream<number | string> {
    return async (after, signal) => {
      const response = await this.#fetch(`${this.url}${path}`, {
        headers: { ...this.#headers, accept: 'text/event-stream', 'last-event-id': String(after) },
        ...(signal && { signal }),
      });
      if (!response.ok) throw apiError(response, await response.json().catch(() => undefined));
      return response.body ?? undefined;
    };
  }

  #taken<T>({ data, error, response }: { data?: T; error?: unknown; response: Response }): T {
    if (!response.ok) throw apiError(response, error);
    return data as T;
  }
}
