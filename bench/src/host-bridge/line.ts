import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { resolveClaude } from '@remuda/engine';
import { startScriptedModel } from '@remuda/scripted-model';
import { ratioOf, spreadOf, type Line, type LineReport, type Stage } from '../figure.js';
import { buildClient, startBridge, type BridgeFor } from './bridge.js';
import { askAtOnce, type Waits } from './agents.js';

const rounds = 15;
/** Agents that ask at once, and how often they do. */
const agents = 50;
const crowds = 3;

/** A command through the host bridge against the same one run directly, and many of them at once. */
export const hostBridge: Line = {
  name: 'host-bridge',
  about: `claude -p by the client through the host bridge, in its sandbox, against the same run directly on the host; ${String(agents)} at once`,
  run: async (stage) => {
    const { dir } = stage;
    const client = await buildClient(dir);
    const model = await startScriptedModel();
    const sockets = Array.from({ length: agents }, (_, n) => join(dir, `door-${String(n)}.sock`));
    const place = { claude: resolveClaude(import.meta.dirname), model, work: join(dir, 'work'), sockets };
    const bridge = await startBridge(dir, place);
    try {
      const [there, here] = await byTurns(stage, { client, ...place });
      const waits: Waits[] = [];
      for (let n = 0; n < crowds; n++) waits.push(await askAtOnce({ client, ...place }));
      return report(there, here, waits);
    } finally {
      bridge.kill('SIGTERM');
      await Promise.all([once(bridge, 'exit'), model.close()]);
    }
  },
};

/** Times the one and the other by turns, in ms: through the bridge, and directly. */
async function byTurns({ dir, say }: Stage, place: Place): Promise<readonly [readonly number[], readonly number[]]> {
  const { client, claude, model, work, sockets } = place;
  const args = ['-p', 'say hi', '--model', 'sonnet'];
  const direct: Run = {
    command: claude,
    args: [...args, '--setting-sources', 'user', '--strict-mcp-config'],
    cwd: work,
    env: {
      ...{ PATH: '/usr/local/bin:/usr/bin:/bin', HOME: join(dir, 'home'), LANG: 'C.UTF-8', TERM: 'dumb' },
      ...{ ANTHROPIC_BASE_URL: model.url, ANTHROPIC_AUTH_TOKEN: 'bench', DISABLE_AUTOUPDATER: '1' },
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    },
  };
  const through: Run = { command: client, args, cwd: work, env: { CLAUDE_BRIDGE_SOCKET: sockets[0] ?? '' } };
  const [there, here]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round++) {
    const order = round % 2 === 0 ? [there, here] : [here, there];
    for (const series of order) series.push(await timed(series === there ? through : direct));
  }
  say(`${String(rounds)} rounds, the first of ${String(rounds + 1)} is for what is read from disk`);
  return [there.slice(1), here.slice(1)];
}

interface Place extends BridgeFor {
  readonly client: string;
}

interface Run {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs a command to its end, in ms; it has to succeed. */
async function timed({ command, args, cwd, env }: Run): Promise<number> {
  const began = performance.now();
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0 || said !== 'ok: say hi\n') throw new Error(`${command} ended with ${String(code)}: ${said}`);
  return performance.now() - began;
}

function report(there: readonly number[], here: readonly number[], waits: readonly Waits[]): LineReport {
  const each = (one: (crowd: Waits) => number) => spreadOf(waits.map(one));
  const crowd = `${String(agents)} agents at once`;
  return {
    figures: [
      { what: 'claude -p through the host bridge', value: spreadOf(there), unit: 'ms' },
      { what: 'claude -p directly', value: spreadOf(here), unit: 'ms' },
      { what: 'through the bridge / directly', value: ratioOf(there, here), unit: 'x', target: { atMost: 1.15 } },
      {
        what: `${crowd}: longest wait / median`,
        value: each(({ longestMs, medianMs }) => longestMs / medianMs),
        unit: 'x',
        target: { atMost: 3 },
      },
      {
        what: `${crowd}: answered`,
        value: each(({ answered }) => answered),
        unit: 'runs',
        target: { atLeast: agents },
      },
      { what: `${crowd}: median wait`, value: each(({ medianMs }) => medianMs), unit: 'ms' },
      { what: `${crowd}: longest wait`, value: each(({ longestMs }) => longestMs), unit: 'ms' },
    ],
    notes: ['From the start of the command to its end, by turns. The model is scripted and answers in about 1 ms.'],
  };
}
