import { setTimeout as sleep } from 'node:timers/promises';
import type { JobEvent } from '@remuda/domain';
import { script } from '@remuda/scripted-model';
import { startChaosCluster, type ChaosCluster } from '../../../test/chaos/dist/cluster.js';
import type { ApiClient } from '../../../apps/local/dist/demo/api-client.js';
import type { ChaosRuntime } from '../../../test/chaos/dist/options.js';

/** The whole cluster with two schedulers and two apis, and what is asked of it here. */
export interface Scene extends AsyncDisposable {
  readonly cluster: ChaosCluster;
  readonly api: ApiClient;
}

const warmLimitMs = 90_000;

/** Brings it up with so many warm workers; with profiles of its own, else with the usual one. */
export async function openScene(runtime: ChaosRuntime, warm: number, profiles?: object): Promise<Scene> {
  const own = profiles ? { profiles: { profiles } } : {};
  const cluster = await startChaosCluster({ runtime, fsync: 'everysec', ...own });
  const [api] = cluster.clients;
  if (api && (await api.warm('default', warm, AbortSignal.timeout(warmLimitMs))))
    return { cluster, api, [Symbol.asyncDispose]: () => cluster.stop() };
  await cluster.stop();
  throw new Error(`there were not ${warm} warm workers within ${warmLimitMs / 1_000} s`);
}

/** Submits a job whose tool goes on until it is ended, and resolves with its id when that tool runs. */
export async function runningJob({ api }: Scene): Promise<string> {
  const tool = { name: 'Bash', input: { command: 'echo begun; sleep 500', description: 'go on', timeout: 500_000 } };
  const id = await api.submit({ prompt: script({ tools: [tool] }, { text: 'done' }), timeoutMs: 500_000 });
  for await (const event of api.events(id)) if (event.type === 'tool.called') return id;
  throw new Error(`${id} ended before its tool ran`);
}

/** Every event of a job that was told so far. */
export async function eventsSoFar({ cluster }: Scene, id: string): Promise<readonly JobEvent[]> {
  const headers = { accept: 'application/json' };
  const response = await fetch(`${cluster.clients[0]?.url ?? ''}/api/v1/jobs/${id}/events`, { headers });
  return ((await response.json()) as { events: JobEvent[] }).events;
}

const limitMs = 60_000;

/** Asks every 5 ms until there is an answer, and gives it; rejects after a minute. */
export async function answered<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const until = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > until) throw new Error(`${what} did not come about within ${limitMs / 1_000} s`);
    await sleep(5);
  }
}
