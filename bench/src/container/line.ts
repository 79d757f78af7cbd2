import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startScriptedModel } from '@remuda/scripted-model';
import { ApiClient } from '../../../apps/local/dist/demo/api-client.js';
import { startCluster } from '../../../apps/local/dist/cluster/cluster.js';
import { engineAnswers, type RuntimeKind } from '../../../apps/local/dist/cluster/runtime-choice.js';
import { ratioOf, spreadOf, type Line, type LineReport, type Stage } from '../figure.js';

/** Starts that are measured, one after the other. */
const starts = 4;
const limitMs = 60_000;
const image = 'remuda-worker:latest';
const root = join(import.meta.dirname, '../../..');

/** Containers. */
export const container: Line = {
  name: 'container',
  about: 'a container from the decision to create it until its worker is warm, one at a time',
  run: async (stage) => {
    const missing = await missingForContainers(stage);
    if (missing !== undefined) return { figures: [], notes: [`Left out: ${missing}.`] };
    const inContainers = await measureStarts('docker', stage);
    const asProcesses = await measureStarts('process', stage);
    return report(inContainers, asProcesses);
  },
};

/** What is missing for workers in containers; the image is built. Undefined if nothing is. */
export async function missingForContainers({ env, say }: Stage): Promise<string | undefined> {
  if (!(await engineAnswers(env['DOCKER_HOST']))) return 'no Docker engine answers';
  const script = join(root, 'docker/build.mjs');
  if ((env['REMUDA_WORKER_IMAGE'] ?? '') === '' && existsSync(script)) {
    say('building the worker image');
    const building = spawn(process.execPath, [script, 'worker'], { cwd: root, stdio: 'ignore' });
    const [code] = (await once(building, 'exit')) as [number | null];
    if (code !== 0) return 'the worker image could not be built';
  }
  const wanted = env['REMUDA_WORKER_IMAGE'] ?? image;
  const { status } = spawnSync('docker', ['image', 'inspect', wanted], { stdio: 'ignore' });
  return status === 0 ? undefined : `there is no image ${wanted}`;
}

/** Times from a worker's registration, right before its container is created, until it's warm, in ms. */
async function measureStarts(runtime: RuntimeKind, { env }: Stage): Promise<readonly number[]> {
  const model = await startScriptedModel();
  try {
    const cluster = await startCluster({
      env: { ...env, REMUDA_WARM: '1', REMUDA_MAX_WORKERS: '1' },
      namespace: `bench-${randomBytes(4).toString('hex')}`,
      runtime,
      model: new URL(model.url),
      say: () => undefined,
    });
    try {
      const api = new ApiClient(cluster.apiUrl);
      const seen = new Set<string>();
      const times: number[] = [];
      // The first start is for caches; a job that is over makes room for the next one.
      for (let start = 0; start <= starts; start++) {
        times.push(await nextReady(cluster.apiUrl, seen));
        if (start < starts) await api.over(await api.submit({ prompt: 'Say hello' }));
      }
      return times.slice(1);
    } finally {
      await cluster.stop();
    }
  } finally {
    await model.close();
  }
}

async function nextReady(apiUrl: string, seen: Set<string>): Promise<number> {
  const limit = performance.now() + limitMs;
  for (;;) {
    const workers = await new ApiClient(apiUrl).workers();
    const worker = workers.find(({ id, phase }) => phase === 'idle' && !seen.has(id));
    if (worker?.readyAt !== undefined) {
      seen.add(worker.id);
      return Date.parse(worker.readyAt) - Date.parse(worker.startedAt);
    }
    if (performance.now() > limit) throw new Error(`no worker was warm within ${limitMs / 1_000} s`);
    await sleep(100);
  }
}

function report(inContainers: readonly number[], asProcesses: readonly number[]): LineReport {
  return {
    figures: [
      {
        what: 'container created -> warm worker',
        value: spreadOf(inContainers),
        unit: 'ms',
        target: { atMost: 5_000 },
      },
      { what: 'process created -> warm worker', value: spreadOf(asProcesses), unit: 'ms' },
      { what: 'as a container / as a process', value: ratioOf(inContainers, asProcesses), unit: 'x' },
    ],
    notes: ['Containers first, then processes: each needs a cluster of its own.'],
  };
}
