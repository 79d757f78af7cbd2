import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { resolveClaude } from '@remuda/engine';
import { connectRaw } from '@remuda/redis/testing';
import { startScriptedModel } from '@remuda/scripted-model';
import { ratioOf, spreadOf, type Line, type LineReport } from '../figure.js';
import { startOwnRedis } from '../parts/own-redis.js';
import { startWorker, type Started } from './alone.js';

const rounds = 5;

/** A bare Node process: how long it takes from its start to its end, in ms, and its memory in MB. */
interface BareNode {
  readonly ms: number;
  readonly mb: number;
}

/** The worker's own process. */
export const worker: Line = {
  name: 'worker',
  about:
    'the worker process without Claude Code: its memory, and the time from its start until its first heartbeat is in Redis',
  run: async (stage) => {
    await using redis = await startOwnRedis(stage);
    const socket = join(stage.dir, 'model.sock');
    const model = await startScriptedModel({ socket });
    const watch = connectRaw(redis.url, { name: 'watch' });
    const place = { redisUrl: redis.url, watch, claude: resolveClaude(import.meta.dirname), socket, dir: stage.dir };
    const started: Started[] = [];
    const bare: BareNode[] = [];
    try {
      for (let round = 0; round <= rounds; round++) {
        started.push(await startWorker(place, round));
        bare.push(await startBareNode());
      }
    } finally {
      watch.disconnect();
      await model.close();
    }
    // The first round reads files that nobody has read before.
    return report(started.slice(1), bare.slice(1));
  },
};

async function startBareNode(): Promise<BareNode> {
  const began = performance.now();
  const program = 'process.stdout.write(String(process.memoryUsage.rss() / 1048576))';
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [[chunk]] = (await Promise.all([once(child.stdout, 'data'), once(child, 'exit')])) as [[Buffer], unknown];
  return { ms: performance.now() - began, mb: Number(chunk.toString()) };
}

function report(started: readonly Started[], bare: readonly BareNode[]): LineReport {
  const of = (key: keyof Started): number[] => started.map((each) => each[key]);
  const bareMs = bare.map(({ ms }) => ms);
  const bareMb = bare.map(({ mb }) => mb);
  return {
    figures: [
      { what: 'memory when idle', value: spreadOf(of('idleMb')), unit: 'MB', target: { atMost: 80 } },
      { what: 'memory at its first heartbeat', value: spreadOf(of('heartbeatMb')), unit: 'MB', target: { atMost: 80 } },
      { what: 'started to first heartbeat', value: spreadOf(of('heartbeatMs')), unit: 'ms', target: { atMost: 500 } },
      { what: 'started to warm, Claude Code included', value: spreadOf(of('warmMs')), unit: 'ms' },
      { what: 'memory when idle / a bare Node process', value: ratioOf(of('idleMb'), bareMb), unit: 'x' },
      {
        what: 'started to first heartbeat / a bare Node process',
        value: ratioOf(of('heartbeatMs'), bareMs),
        unit: 'x',
      },
      { what: 'memory of a bare Node process', value: spreadOf(bareMb), unit: 'MB' },
      { what: 'a bare Node process from its start to its end', value: spreadOf(bareMs), unit: 'ms' },
    ],
    notes: [`The bundle that the images have, on Node ${process.versions.node}.`],
  };
}
