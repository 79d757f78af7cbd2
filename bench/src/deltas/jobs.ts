import { randomBytes } from 'node:crypto';
import { startCluster, type Cluster } from '../../../apps/local/dist/cluster/cluster.js';
import { ApiClient } from '../../../apps/local/dist/demo/api-client.js';
import { now } from '../first-request/subject.js';
import type { Stage } from '../figure.js';
import type { Arrivals } from './arrivals.js';

const readyLimitMs = 180_000;

/** A cluster with process workers whose jobs are followed by Server-Sent Events. */
export class FollowedJobs {
  private constructor(
    private readonly cluster: Cluster,
    private readonly api: ApiClient,
    private readonly warm: number,
  ) {}

  /** Brings it up with so many warm workers. */
  static async start(place: { claude: string; modelUrl: string; warm: number }, { env }: Stage): Promise<FollowedJobs> {
    const { claude, modelUrl, warm } = place;
    const cluster = await startCluster({
      env: { ...env, REMUDA_CLAUDE: claude, REMUDA_WARM: String(warm), REMUDA_MAX_WORKERS: String(warm) },
      namespace: `bench-${randomBytes(4).toString('hex')}`,
      runtime: 'process',
      model: new URL(modelUrl),
      say: () => undefined,
    });
    return new FollowedJobs(cluster, new ApiClient(cluster.apiUrl), warm);
  }

  get redisUrl(): string {
    return this.cluster.redisUrl;
  }

  /** Resolves when the pool is full: a start beside them would compete with the jobs for the CPU. */
  async settled(): Promise<void> {
    if (!(await this.api.warm('default', this.warm, AbortSignal.timeout(readyLimitMs))))
      throw new Error(`the pool did not fill within ${readyLimitMs / 1_000} s`);
  }

  /** Submits a job and follows it to its end. */
  async follow(prompt: string): Promise<Arrivals> {
    const [delays, toWorker]: [number[], number[]] = [[], []];
    for await (const event of this.api.events(await this.api.submit({ prompt, deltas: true }))) {
      if (event.type !== 'message.delta') continue;
      const sentAt = event.data.text.trim().split(' ').map(Number);
      for (const at of sentAt) {
        delays.push(now() - at);
        toWorker.push(event.at - at);
      }
    }
    return { delays, toWorker };
  }

  async stop(): Promise<void> {
    await this.cluster.stop();
  }
}
