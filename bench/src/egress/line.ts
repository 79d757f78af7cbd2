import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { JobEvent } from '@remuda/domain';
import { script, startScriptedModel } from '@remuda/scripted-model';
import { ApiClient } from '../../../apps/local/dist/demo/api-client.js';
import { startCluster } from '../../../apps/local/dist/cluster/cluster.js';
import { engineAnswers } from '../../../apps/local/dist/cluster/runtime-choice.js';
import { provideWorkerImage } from '../../../apps/local/dist/cluster/worker-image.js';
import { ratioOf, spreadOf, type Figure, type Line, type Stage } from '../figure.js';
import { bigBytes, registryHost, serveRegistry } from './registry.js';

const [packages, rounds, downloads, refusals] = [200, 5, 3, 21];
const image = 'remuda-worker:latest';

/** What a job in a container reaches through the bridge. */
export const egress: Line = {
  name: 'egress',
  about: `npm ci of ${packages} packages, ${bigBytes / 1e9} GB, and refused hosts, by a job in a container`,
  run: async (stage) => {
    if (!(await engineAnswers(stage.env['DOCKER_HOST'])))
      return { figures: [], notes: ['Left out: no Docker engine answers.'] };
    await provideWorkerImage(stage.env);
    await using registry = await serveRegistry(stage.dir, packages);
    await using job = await openJobs(registry.at, stage);
    await using open = await openContainer();
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let round = 0; round <= rounds; round++) {
      const times = [await job.run(install(registry.at)), await open.run(install(registry.at))].map(millis);
      // the first round is for caches
      if (round === 0) continue;
      ours.push(times[0] ?? NaN);
      theirs.push(times[1] ?? NaN);
    }
    const speeds: number[] = [];
    for (let round = 0; round < downloads; round++)
      speeds.push(
        Number(await job.run(`curl -sS -o /dev/null -w '%{speed_download}' http://${registry.at}/big`)) / 1e6,
      );
    const refused = await job.run(
      `for i in $(seq ${refusals}); do curl -s -o /dev/null -w '%{time_total} ' https://other.example/; done`,
    );
    const figures: Figure[] = [
      { what: 'npm ci, through the bridge', value: spreadOf(ours), unit: 'ms' },
      { what: 'the same in a container with the network of its host', value: spreadOf(theirs), unit: 'ms' },
      { what: 'through the bridge / open network', value: ratioOf(ours, theirs), unit: 'x', target: { atMost: 1.3 } },
      { what: `${bigBytes / 1e9} GB by curl`, value: spreadOf(speeds), unit: 'MB/s', target: { atLeast: 200 } },
      {
        ...{
          what: 'a refused host answers',
          value: spreadOf([...refused.matchAll(/\b\d+\.\d{6}\b/g)].map(([seconds]) => Number(seconds) * 1_000)),
        },
        ...({ unit: 'ms', target: { atMost: 20 } } as const),
      },
    ];
    return { figures, notes: ['The registry is a Node.js server on loopback, beside the bridge on the same cores.'] };
  },
};

/** A fresh install with an empty cache; prints how long it took in ms. */
const install = (at: string): string =>
  [
    'cd "$(mktemp -d -p /workspace)"',
    `curl -sSf http://${at}/project.tgz | tar -xz && cd project`,
    'began=$(date +%s%N)',
    'npm ci --no-audit --no-fund --cache ./cache >log 2>&1 || { tail -n 5 log; exit 1; }',
    'echo "took $(( ($(date +%s%N) - began) / 1000000 ))"',
    'rm -rf cache node_modules',
  ].join('\n');

function millis(text: string): number {
  const [, ms] = /took (\d+)/.exec(text) ?? [];
  if (ms === undefined) throw new Error(`npm ci failed: ${text}`);
  return Number(ms);
}

/** The same image, user and walls, but with the host's network. */
async function openContainer() {
  const docker = async (...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)('docker', [...args])).stdout.trim();
  const tmpfs = (path: string): readonly string[] => ['--tmpfs', `${path}:rw,exec,uid=1000,gid=1000`];
  const walls = ['--network', 'host', '--user', '1000:1000', '--read-only', '--env', 'HOME=/home/claude'];
  const folders = [...tmpfs('/workspace'), ...tmpfs('/home/claude'), ...tmpfs('/tmp')];
  const id = await docker('run', '-d', ...walls, ...folders, '--entrypoint', 'sleep', image, 'infinity');
  return {
    /** What a command prints. */
    run: (command: string) => docker('exec', id, 'bash', '-c', command),
    [Symbol.asyncDispose]: async () => {
      await docker('rm', '-f', id);
    },
  };
}

/** One container that carries out one command after the other, each as a job of its own. */
async function openJobs(at: string, { env, dir }: Stage) {
  const model = await startScriptedModel();
  const file = join(dir, 'profiles.json');
  const profile = { pool: { warm: 1, max: 1 }, recycle: { afterJobs: 100 }, egress: [at] };
  await writeFile(file, JSON.stringify({ profiles: { default: profile } }));
  const cluster = await startCluster({
    env: { ...env, REMUDA_PROFILES: file, REMUDA_EGRESS_HOSTS: registryHost },
    namespace: `bench-${randomBytes(4).toString('hex')}`,
    ...{ runtime: 'docker' as const, model: new URL(model.url), say: () => undefined },
  });
  const api = new ApiClient(cluster.apiUrl);
  return {
    /** What a command prints. */
    run: async (command: string): Promise<string> => {
      const tool = { name: 'Bash', input: { command, description: 'a command', timeout: 300_000 } };
      const id = await api.submit({ prompt: script({ tools: [tool] }, { text: 'done' }) });
      const events: JobEvent[] = [];
      for await (const event of api.events(id)) events.push(event);
      const found = events.find(({ type }) => type === 'tool.returned');
      if (found?.type !== 'tool.returned') throw new Error(`the job ${id} returned nothing`);
      return found.data.output;
    },
    [Symbol.asyncDispose]: async () => {
      await cluster.stop();
      await model.close();
    },
  };
}
