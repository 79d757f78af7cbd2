import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ScriptedModel } from '@remuda/scripted-model';

const root = join(import.meta.dirname, '../../..');

/** The client out of its image: this machine may have no compiler. */
export async function buildClient(dir: string): Promise<string> {
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

/** What a bridge is started for. */
export interface BridgeFor {
  readonly claude: string;
  readonly model: ScriptedModel;
  /** The workspace of all its clients; created if missing. */
  readonly work: string;
  /** A client for each of these sockets. */
  readonly sockets: readonly string[];
}

/** Starts a host bridge in its sandbox, and resolves when it is ready. */
export async function startBridge(dir: string, { claude, model, work, sockets }: BridgeFor) {
  mkdirSync(work, { recursive: true });
  const clientsFile = join(dir, 'clients.json');
  const workspaces = [{ container: work, host: work }];
  const clients = sockets.map((socket, n) => ({ name: `bench-${String(n)}`, socket, workspaces }));
  writeFileSync(clientsFile, JSON.stringify({ clients }));
  const child = spawn(process.execPath, [join(root, 'apps/host-bridge/dist/main.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...{ PATH: process.env['PATH'], REMUDA_HOST_BRIDGE_CLIENTS: clientsFile, REMUDA_HOST_CLAUDE: claude },
      ...{ REMUDA_HOST_BRIDGE_STATE: join(dir, 'state'), REMUDA_HOST_BRIDGE_ADMIN_PORT: '0' },
      ...{ REMUDA_MODEL_URL: model.url, ANTHROPIC_API_KEY: 'bench' },
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
