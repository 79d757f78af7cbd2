import { writeFile } from 'node:fs/promises';
import type { JobEvent } from '@remuda/domain';
import type { JobRequest, JobView } from '@remuda/protocol';
import { RemudaClient, type Files, type Sessions } from '@remuda/client';
import { script, type Step } from '@remuda/scripted-model';
import { expect, onTestFinished } from 'vitest';
import { startChaosCluster, type ChaosCluster } from '../../chaos/src/cluster.js';
import type { PodNamespace } from '../../chaos/src/kubernetes/pod-namespace.js';
import type { ApiClient } from '../../../apps/local/dist/demo/api-client.js';
import { foundBy, type Shell } from './inside.js';

/** How long something may take to come about on a cluster, which is long on a busy machine. */
export const inTime = { timeout: 120_000, interval: 100 };
export const longMs = 400_000;

const parts = ['worker', 'agent'] as const;

/** So small that five of them fit on a node with two processors. */
const resources = { cpus: 0.4, memoryMb: 768, diskMb: 128 };

/** A call of a tool that runs a command. */
export const bash = (command: string): Step => ({
  tools: [{ name: 'Bash', input: { command, description: 'a command', timeout: 500_000 } }],
});

/** A tool that goes on until it is let go, in whichever pod it runs. */
export const untilLetGo = bash('until [ -e /tmp/go ]; do sleep 0.1; done');

/** A whole Remuda whose workers are pods of a real cluster; everything else of it runs on this machine. */
export class OnPods {
  readonly api: ApiClient;
  readonly pods: PodNamespace;
  readonly sessions: Sessions;
  readonly files: Files;

  private constructor(readonly cluster: ChaosCluster) {
    const [api] = cluster.clients;
    if (!api || !cluster.workers.pods) throw new Error('the cluster has no api or no pods');
    [this.api, this.pods] = [api, cluster.workers.pods];
    ({ sessions: this.sessions, files: this.files } = new RemudaClient({ url: api.url }));
  }

  /** Brings it up with one profile, and further environment of its apps; it goes with the test. */
  static async start(profile: object, env: Readonly<Record<string, string>> = {}): Promise<OnPods> {
    const choice = { profiles: profiles(profile), env };
    const cluster = await startChaosCluster({ runtime: 'kubernetes', fsync: 'everysec', ...choice });
    onTestFinished(() => cluster.stop(), 120_000);
    return new OnPods(cluster);
  }

  async warm(workers: number): Promise<void> {
    expect(await this.api.warm('default', workers, AbortSignal.timeout(inTime.timeout)), 'warm workers').toBe(true);
  }

  submit(steps: readonly Step[], job: Partial<JobRequest> = {}): Promise<string> {
    return this.api.submit({ prompt: script(...steps), timeoutMs: 600_000, ...job });
  }

  /** Sends a turn of a session: what is said in it, and what the model does then. Gives its job. */
  async sendTurn(session: string, said: string, ...steps: readonly Step[]): Promise<string> {
    return (await this.sessions.send(session, { prompt: `${said} ${script(...steps)}`, timeoutMs: 600_000 })).id;
  }

  /** Sends a turn of a session, and gives its job when it's over. */
  async turn(session: string, said: string, ...steps: readonly Step[]): Promise<JobView> {
    return this.api.over(await this.sendTurn(session, said, ...steps));
  }

  /** What the last tool of a job has printed. */
  async printedIn(id: string): Promise<string | undefined> {
    return (await this.told(id)).findLast((event) => event.type === 'tool.returned')?.data.output.trim();
  }

  /** A job whose tool runs, and the worker that it runs on. */
  async running(steps: readonly Step[], job: Partial<JobRequest> = {}): Promise<{ id: string; worker: string }> {
    const id = await this.submit(steps, job);
    return { id, worker: await this.workerOf(id, 'tool.called') };
  }

  /** The worker of the job's last attempt, once so many events of that kind have come. */
  async workerOf(id: string, type: JobEvent['type'], times = 1): Promise<string> {
    let come = 0;
    for await (const event of this.api.events(id))
      if (event.type === type && ++come === times) return (await this.api.job(id)).worker ?? '';
    throw new Error(`${id} ended before ${type}`);
  }

  async letGo(worker: string): Promise<void> {
    await this.pods.run(worker, 'agent', ['touch', '/tmp/go']);
  }

  /** Which of these texts are in the worker's pod: in a file or a process of either container, as its user sees them. */
  found(worker: string, sought: readonly string[]): Promise<readonly string[]> {
    const shells = parts.map((part): Shell => {
      return (line, input) => this.pods.ended(worker, part, ['sh', '-c', line], input);
    });
    return foundBy(shells, sought);
  }

  /** All that was told of a job, once it is over. */
  async told(id: string): Promise<readonly JobEvent[]> {
    const events: JobEvent[] = [];
    for await (const event of this.api.events(id)) events.push(event);
    return events;
  }

  /** Workers of the pods that are there, also of those that leave. */
  async workers(): Promise<readonly string[]> {
    return (await this.pods.pods()).map(({ metadata }) => metadata?.labels?.['remuda/worker'] ?? '').sort();
  }

  /** Has the schedulers go by another profile, one after the other, as when a ConfigMap is changed. */
  async change(profile: object): Promise<void> {
    await writeFile(this.cluster.profiles, JSON.stringify(profiles(profile)));
    for (const scheduler of this.cluster.schedulers) await scheduler.restart('SIGTERM');
  }
}

const profiles = (profile: object) => ({ profiles: { default: { resources, ...profile } } });
