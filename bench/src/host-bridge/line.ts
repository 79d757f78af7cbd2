import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveClaude } from '@remuda/engine';
import { startScriptedModel } from '@remuda/scripted-model';
import { ratioOf, spreadOf, type Line, type LineReport } from '../figure.js';

const rounds = 15;
const root = join(import.meta.dirname, '../../..');

/** A command through the host bridge against the same one run directly. */
export const hostBridge: Line = {
  name: 'host-bridge',
  about: 'claude -p by the client through the host bridge, in its sandbox, against the same run directly on the host',
  run: async ({ dir, say }) => {
    const client = await buildClient(dir);
    const work = join(dir, 'work');
    mkdirSync(work);
    const claude = resolveClaude(import.meta.dirname);
    const model = await startScriptedModel();
    const path = join(dir, 'door.sock');
    const bridge = await startBridge(dir, { claude, model: model.url, work, path });
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
    const through: Run = { command: client, args, cwd: work, env: { CLAUDE_BRIDGE_SOCKET: path } };
    const [there, here]: [number[], number[]] = [[], []];
    try {
      for (let round = 0; round <= rounds; round++) {
        const order = round % 2 === 0 ? [there, here] : [here, there];
        for (const series of order) series.push(await timed(series === there ? through : direct));
      }
    } finally {
      bridge.kill('SIGTERM');
      await Promise.all([once(bridge, 'exit'), model.close()]);
    }
    say(`${String(rounds)} rounds, the first of ${String(rounds + 1)} is for what is read from disk`);
    return report(there.slice(1), here.slice(1));
  },
};

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

/** The client out of its image: this machine may have no compiler. */
async function buildClient(dir: string): Promise<string> {
  const image = 'remuda-host-client:bench';
  must(['build', '--quiet', '--tag', image, join(root, 'docker/host-client')]);
  const container = must(['create', image]);
  const path = join(dir, 'claude');
  must(['cp', `${container}:/usr/local/bin/claude`, path]);
  must(['rm', container]);
  return Promise.resolve(path);
}

function must(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('docker', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`docker ${args[0] ?? ''} failed: ${stderr}`);
  return stdout.trim();
}

interface BridgeFor {
  readonly claude: string;
  readonly model: string;
  readonly work: string;
  readonly path: string;
}

async function startBridge(dir: string, { claude, model, work, path }: BridgeFor) {
  const clientsFile = join(dir, 'clients.json');
  const workspaces = [{ container: work, host: work }];
  writeFileSync(clientsFile, JSON.stringify({ clients: [{ name: 'bench', socket: path, workspaces }] }));
  const child = spawn(process.execPath, [join(root, 'apps/host-bridge/dist/main.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...{ PATH: process.env['PATH'], REMUDA_HOST_BRIDGE_CLIENTS: clientsFile, REMUDA_HOST_CLAUDE: claude },
      ...{ REMUDA_HOST_BRIDGE_STATE: join(dir, 'state'), REMUDA_HOST_BRIDGE_ADMIN_PORT: '0' },
      ...{ REMUDA_MODEL_URL: model, ANTHROPIC_API_KEY: 'bench' },
    },
  });
  let said = '';
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    if (said.includes('"ready"')) break;
  }
  if (!said.includes('"ready"')) throw new Error('the host bridge did not start');
  return child;
}

function report(there: readonly number[], here: readonly number[]): LineReport {
  return {
    figures: [
      { what: 'claude -p through the host bridge', value: spreadOf(there), unit: 'ms' },
      { what: 'claude -p directly', value: spreadOf(here), unit: 'ms' },
      { what: 'through the bridge / directly', value: ratioOf(there, here), unit: 'x', target: { atMost: 1.15 } },
    ],
    notes: ['From the start of the command to its end, by turns. The model is scripted and answers in about 1 ms.'],
  };
}
