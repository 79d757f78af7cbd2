import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobEvent } from '@remuda/domain';
import { startScriptedModel, type ScriptedModel } from '@remuda/scripted-model';
import type { JobView } from '@remuda/protocol';
import { ApiClient } from '../../../apps/local/dist/demo/api-client.js';
import { startCluster, type Cluster } from '../../../apps/local/dist/cluster/cluster.js';
import type { Stage } from '../figure.js';
import { firstWith, now, uniquePrompt } from './subject.js';

/** Where one job was when, in ms after `POST /jobs` was sent. The cluster's own times are whole ms. */
export interface WayOfAJob {
  /** The API has checked the job and begins to write it down. */
  readonly queued: number;
  /** The client has the 202. */
  readonly accepted: number;
  /** The scheduler has the job out of its queue and a worker for it. */
  readonly claimed: number;
  /** The worker has the assignment. */
  readonly started: number;
  /** Claude Code has said that it has the user's message, and the worker has read that. */
  readonly message: number;
  /** The bridge has the request to the model. */
  readonly atBridge: number;
  /** The model has the request. */
  readonly atModel: number;
}

/** Warm workers that are kept ready, as is the default. */
const warm = 2;
/** How long a worker has to be idle before it counts as settled, in ms: its spare process is ready by then. */
const settleMs = 4_000;
const readyLimitMs = 60_000;

/** A whole cluster with process workers, measured as its clients see it. */
export class ThroughCluster {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  private constructor(
    private readonly cluster: Cluster,
    private readonly api: ApiClient,
    private readonly model: ScriptedModel,
  ) {}

  /** Brings a cluster up whose workers run the given Claude Code. */
  static async start(claude: string, { env }: Stage): Promise<ThroughCluster> {
    const model = await startScriptedModel();
    try {
      const cluster = await startCluster({
        env: { ...env, REMUDA_CLAUDE: claude, REMUDA_WARM: String(warm), REMUDA_MAX_WORKERS: '4' },
        namespace: `bench-${randomBytes(4).toString('hex')}`,
        runtime: 'process',
        model: new URL(model.url),
        say: () => undefined,
      });
      return new ThroughCluster(cluster, new ApiClient(cluster.apiUrl), model);
    } catch (error) {
      await model.close();
      throw error;
    }
  }

  /** Resolves when the warm pool is full and all of it has settled. */
  async settled(): Promise<void> {
    const limit = now() + readyLimitMs;
    for (;;) {
      const workers = await this.api.workers();
      const idle = workers.filter((worker) => worker.phase === 'idle');
      const since = Math.max(...idle.map((worker) => Date.parse(worker.idleSince ?? worker.readyAt ?? '')));
      if (idle.length >= warm && idle.length === workers.length && now() - since >= settleMs) return;
      if (now() > limit) throw new Error(`the pool did not fill within ${readyLimitMs / 1_000} s`);
      await sleep(100);
    }
  }

  /** Submits one job and follows its way to the model. */
  async measure(): Promise<WayOfAJob> {
    const prompt = uniquePrompt();
    const seen = firstWith(this.model, prompt);
    await this.#call('GET', '/health/live');
    const sent = now();
    const { id } = (await this.#call('POST', '/api/v1/jobs', { prompt })) as { id: string };
    const accepted = now() - sent;
    const atModel = (await seen).at - sent;
    const job = await this.api.over(id);
    if (job.state !== 'succeeded') throw new Error(`the job ${job.state}: ${JSON.stringify(job.failure)}`);
    if (job.start?.kind !== 'warm') throw new Error(`the job's start was ${job.start?.kind ?? 'unknown'}, not warm`);
    return { accepted, atModel, ...this.#way(job, await this.#events(id), sent) };
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    await this.cluster.stop();
    await this.model.close();
  }

  #way({ times }: JobView, events: readonly JobEvent[], sent: number): Omit<WayOfAJob, 'accepted' | 'atModel'> {
    const at = (time: string | undefined): number => Date.parse(time ?? '') - sent;
    return {
      queued: at(times.queuedAt),
      claimed: at(times.claimedAt),
      started: at(times.startedAt),
      message: (events.find((event) => event.type === 'session.started')?.at ?? NaN) - sent,
      atBridge: at(times.firstRequestAt),
    };
  }

  async #events(id: string): Promise<readonly JobEvent[]> {
    const headers = { accept: 'application/json' };
    const response = await fetch(`${this.api.url}/api/v1/jobs/${id}/events`, { headers });
    return ((await response.json()) as { events: JobEvent[] }).events;
  }

  /** On one connection that stays open, so that only the request is timed. */
  async #call(method: string, path: string, body?: unknown): Promise<unknown> {
    const headers = { 'content-type': 'application/json' };
    const call = request(`${this.cluster.apiUrl}${path}`, { agent: this.#agent, method, headers });
    call.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    const text = (await response.toArray()).join('');
    if ((response.statusCode ?? 500) >= 300) throw new Error(`${method} ${path}: ${text}`);
    return JSON.parse(text);
  }
}
