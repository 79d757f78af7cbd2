import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveClaude } from '@remuda/engine';
import { createLogger, systemClock } from '@remuda/runtime';
import { startScriptedModel } from '@remuda/scripted-model';
import { readEnvironment } from '../../../apps/host-bridge/src/environment.js';
import { startHostBridge } from '../../../apps/host-bridge/src/host-bridge.js';

/** Whether runs can have their sandbox here. */
export const hasBwrap =
  spawnSync('bwrap', ['--ro-bind', '/', '/', '--unshare-all', 'true'], { stdio: 'ignore' }).status === 0;

/** The key that the model asks for, and that no client may ever see. */
export const realKey = 'sk-ant-real-0123456789';

export interface HostBridgeOptions {
  /** Further fields of the client's entry. */
  readonly client?: object;
  /** Further clients. */
  readonly clients?: readonly object[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A host bridge with a scripted model and one client, `agent-1`, whose workspace is /workspace. */
export async function runHostBridge({ client = {}, clients = [], env = {} }: HostBridgeOptions = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'host-bridge-'));
  const workspace = join(dir, 'workspace');
  mkdirSync(workspace);
  const model = await startScriptedModel({ requireKey: realKey });
  const door = join(dir, 'door');
  const workspaces = [{ container: '/workspace', host: workspace }];
  const first = {
    name: 'agent-1',
    socket: join(door, 'claude-bridge.sock'),
    socketMode: '0666',
    workspaces,
    ...client,
  };
  const others = clients.map((other) => ({ workspaces, ...other }));
  const clientsFile = join(dir, 'clients.json');
  writeFileSync(clientsFile, JSON.stringify({ clients: [first, ...others] }));
  const environment = readEnvironment({
    PATH: process.env['PATH'],
    REMUDA_HOST_BRIDGE_CLIENTS: clientsFile,
    REMUDA_HOST_BRIDGE_STATE: join(dir, 'state'),
    REMUDA_HOST_BRIDGE_SOCKET: join(dir, 'shared.sock'),
    REMUDA_HOST_BRIDGE_ADMIN_PORT: '0',
    REMUDA_HOST_CLAUDE: resolveClaude(import.meta.dirname),
    REMUDA_MODEL_URL: model.url,
    ANTHROPIC_API_KEY: realKey,
    ...env,
  });
  const bridge = await startHostBridge(environment, {
    clock: systemClock,
    log: createLogger({ name: 'host-bridge', level: 'silent' }),
  });
  let open = true;
  const stop = async (graceMs = 0): Promise<void> => {
    if (open) await bridge.close(graceMs);
    open = false;
  };
  return {
    dir,
    door,
    workspace,
    model,
    bridge,
    socket: first.socket,
    sharedSocket: join(dir, 'shared.sock'),
    audit: () => readFileSync(join(dir, 'state/audit.jsonl'), 'utf8'),
    stop,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await stop();
      await model.close();
      rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** A message as it arrived. */
export interface Got {
  readonly type: string;
  readonly data?: string;
  readonly code?: number | string;
  readonly message?: string;
}

/** A raw connection: sends anything, and keeps what comes. */
export async function dial(socketPath: string) {
  const socket = connect(socketPath);
  const got: Got[] = [];
  let rest = '';
  let closed = false;
  let look = (): void => undefined;
  const beat = setInterval(() => socket.write('{"type":"heartbeat"}\n'), 5_000);
  socket.on('error', () => undefined);
  socket.on('close', () => {
    clearInterval(beat);
    closed = true;
    look();
  });
  socket.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    got.push(...lines.map((line) => JSON.parse(line) as Got));
    look();
  });
  await new Promise((resolve) => socket.once('connect', resolve).once('error', resolve));
  const until = (fits: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        if (fits()) resolve();
      };
      look();
    });
  const bytes = (type: string): string =>
    Buffer.concat(
      got.filter((each) => each.type === type).map(({ data = '' }) => Buffer.from(data, 'base64')),
    ).toString();
  const find = (type: string): Got | undefined => got.find((each) => each.type === type);
  return {
    socket,
    got,
    bytes,
    find,
    send: (message: unknown) => socket.write(`${JSON.stringify(message)}\n`),
    raw: (text: string | Buffer) => socket.write(text),
    /** Waits for a message of the type; undefined when the connection is closed without one. */
    have: async (type: string): Promise<Got | undefined> => {
      await until(() => closed || find(type) !== undefined);
      return find(type);
    },
    /** Waits for the end of a run: its exit, an error, or the connection's end. */
    over: async (): Promise<Got | undefined> => {
      await until(() => closed || find('exit') !== undefined || find('error') !== undefined);
      return find('exit') ?? find('error');
    },
    closed: () => until(() => closed),
    [Symbol.dispose]: () => {
      socket.destroy();
    },
  };
}

/** A run request that is allowed, with changes. */
export const runOf = (args: readonly string[], more: object = {}): object => ({
  type: 'run',
  v: 1,
  args,
  env: {},
  cwd: '/workspace',
  ...more,
});
