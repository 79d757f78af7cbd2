import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveClaude } from '@remuda/engine';
import { startScriptedModel } from '@remuda/scripted-model';

const program = join(import.meta.dirname, '../../../apps/host-bridge/dist/main.js');

/** A host bridge as a process of its own, with one client whose workspace is /workspace. */
export async function spawnHostBridge() {
  const dir = mkdtempSync(join(tmpdir(), 'host-bridge-process-'));
  const [workspace, door] = [join(dir, 'workspace'), join(dir, 'door')];
  for (const folder of [workspace, door]) mkdirSync(folder);
  const model = await startScriptedModel();
  const clientsFile = join(dir, 'clients.json');
  const workspaces = [{ container: '/workspace', host: workspace }];
  const client = { name: 'agent-1', socket: join(door, 'claude-bridge.sock'), socketMode: '0666', workspaces };
  writeFileSync(clientsFile, JSON.stringify({ clients: [client] }));
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...{ PATH: process.env['PATH'], REMUDA_HOST_BRIDGE_CLIENTS: clientsFile, ANTHROPIC_API_KEY: 'sk-ant-real' },
      ...{ REMUDA_HOST_BRIDGE_STATE: join(dir, 'state'), REMUDA_HOST_BRIDGE_ADMIN_PORT: '0' },
      ...{ REMUDA_HOST_CLAUDE: resolveClaude(import.meta.dirname), REMUDA_MODEL_URL: model.url },
    },
  });
  const exited = once(child, 'exit');
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('"ready"')) resolve();
    });
    void exited.then(() => reject(new Error(`the host bridge did not start: ${said}`)));
  });
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  return {
    ...{ dir, door, workspace, model, kill },
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await kill('SIGTERM');
      await model.close();
      rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
