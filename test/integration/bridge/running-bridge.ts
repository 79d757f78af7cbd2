import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  RedisBudgets,
  RedisWorkerListeners,
  RedisGrants,
  RedisModelCounts,
  RedisPushedCommits,
  RedisSnapshots,
  redisKeys,
} from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { bridgeSockets, socketFolder, type BridgeGrant } from '@remuda/protocol';
import { createLogger, systemClock } from '@remuda/runtime';
import { vi } from 'vitest';
import { startScriptedModel, type ScriptedModel } from '@remuda/scripted-model';
import { startBridge, type Bridge, type BridgeParts } from '../../../apps/bridge/src/bridge.js';
import { whereabouts } from '../../../apps/bridge/src/redis/whereabouts.js';
import { readEnvironment } from '../../../apps/bridge/src/environment.js';
import { startRedis, type TestRedis } from '../redis.js';

/** The credential that must be seen by the model and nowhere else. */
export const secret = 'sk-ant-real-credential-of-the-host';

/** Paths of the sockets of one worker. */
export type WorkerSockets = Readonly<Record<keyof typeof bridgeSockets, string>>;

/** The workers that a test's bridge finds registered; what goes without another name is of the first. */
const workers = ['w-1', 'w-2'] as const;

/** Where a bridge makes a worker's sockets. */
export function socketsOf(socketDir: string, worker = 'w-1'): WorkerSockets {
  const paths = Object.entries(bridgeSockets).map(([listener, name]) => [
    listener,
    join(socketDir, socketFolder(worker), name),
  ]);
  return Object.fromEntries(paths) as WorkerSockets;
}

/** Registers workers, and resolves when a bridge has made their sockets. */
export async function openFor(listeners: RedisWorkerListeners, redis: RawConnection, socketDir: string): Promise<void> {
  await redis.sadd(redisKeys('remuda').workers, ...workers);
  for (const worker of workers) {
    await listeners.say(worker);
    await vi.waitUntil(() => listeners.areOpen(worker, socketDir), { timeout: 10_000, interval: 5 });
  }
}

/** A bridge between a Redis and a scripted model, all of the test's own. */
export interface RunningBridge extends AsyncDisposable {
  /** Its addresses are those of the worker `w-1`. */
  readonly bridge: Bridge & { readonly addresses: Bridge['addresses'] & WorkerSockets };
  /** Paths of a worker's sockets. */
  readonly sockets: (worker: string) => WorkerSockets;
  readonly redis: TestRedis;
  readonly model: ScriptedModel;
  readonly folder: string;
  /** All lines that the bridge logged. */
  readonly log: readonly string[];
  /** Makes a token live for a job. */
  grant(token: string, grant: BridgeGrant): Promise<void>;
  revoke(token: string): Promise<void>;
  /** What was counted for a job. */
  counted(job: string): Promise<Record<string, string>>;
  /** What requests under way have reserved of a job's budget. */
  reserved(job: string): Promise<Record<string, string>>;
  reserve(job: string, reservations: Readonly<Record<string, string>>): Promise<void>;
  /** Every key and value in Redis, as one text. */
  dump(): Promise<string>;
}

/** Starts a bridge; `env` adds to its environment or replaces parts of it, `change` replaces what it is made of. */
export async function runBridge(
  env: Readonly<Record<string, string>> = {},
  change: (parts: BridgeParts) => BridgeParts = (parts) => parts,
): Promise<RunningBridge> {
  const redis = await startRedis();
  const model = await startScriptedModel({ requireKey: secret });
  const folder = await mkdtemp(join(tmpdir(), 'rb-'));
  const log: string[] = [];
  const keys = redisKeys('remuda');
  const environment = readEnvironment({
    PATH: process.env['PATH'],
    HOME: folder,
    ANTHROPIC_API_KEY: secret,
    REMUDA_REDIS_URL: redis.url,
    REMUDA_MODEL_URL: model.url,
    REMUDA_SOCKET_DIR: join(folder, 's'),
    REMUDA_MIRROR_DIR: join(folder, 'm'),
    REMUDA_BLOBS_URL: pathToFileURL(join(folder, 'blobs')).href,
    REMUDA_BRIDGE_ADMIN_PORT: '0',
    REMUDA_GIT_HOSTS: '127.0.0.1',
    ...env,
  });
  const { redisUrl } = environment.settings;
  const asked = connectRaw(redisUrl, { name: 'bridge', whileDown: 'fail' });
  const written = connectRaw(redisUrl, { name: 'bridge-counts' });
  const own = connectRaw(redisUrl, { name: 'test' });
  // What comes before the connection stands is refused, as in an outage.
  if (asked.status !== 'ready') await once(asked, 'ready');
  const listeners = new RedisWorkerListeners(asked, keys, () => connectRaw(redisUrl, { name: 'bridge-listeners' }));
  const parts: BridgeParts = {
    workers: listeners,
    grants: new RedisGrants(asked, keys),
    budgets: new RedisBudgets(asked, written, keys),
    counts: new RedisModelCounts(written, keys),
    snapshots: new RedisSnapshots(asked, keys),
    pushed: new RedisPushedCommits(asked, keys),
    redis: whereabouts(redis.url, asked),
    clock: systemClock,
    log: createLogger({ name: 'bridge', level: 'debug' }, { write: (line) => log.push(line) }),
  };
  const bridge = await startBridge(environment, change(parts));
  const close = async (): Promise<void> => {
    await bridge.close(0);
    for (const client of [asked, written, own]) client.disconnect();
    await Promise.all([model.close(), redis.close(), rm(folder, { recursive: true, force: true })]);
  };
  const { socketDir } = bridge.addresses;
  if (environment.settings.sockets === 'on') await openFor(listeners, own, socketDir);
  const keyOf = (token: string): string => keys.bridgeToken(createHash('sha256').update(token).digest('hex'));
  return {
    bridge: { ...bridge, addresses: { ...bridge.addresses, ...socketsOf(socketDir) } },
    sockets: (worker) => socketsOf(socketDir, worker),
    redis,
    model,
    folder,
    log,
    grant: async (token, { git, push, models, serverTools, egress, credentials, ...rest }) => {
      const lists = {
        ...(git ? { git: JSON.stringify(git) } : {}),
        ...(push ? { push: JSON.stringify(push) } : {}),
        ...(models ? { models: JSON.stringify(models) } : {}),
        ...(serverTools ? { serverTools: JSON.stringify(serverTools) } : {}),
        ...(egress ? { egress: JSON.stringify(egress) } : {}),
        ...(credentials ? { credentials: JSON.stringify(credentials) } : {}),
      };
      await own.hset(keyOf(token), { ...rest, ...lists });
    },
    revoke: async (token) => {
      await own.del(keyOf(token));
    },
    reserved: (job) => own.hgetall(keys.reservations(job)),
    reserve: async (job, reservations) => {
      await own.hset(keys.reservations(job), reservations);
    },
    counted: (job) => own.hgetall(keys.model(job)),
    dump: async () => {
      const names = await own.keys('*');
      return JSON.stringify(
        await Promise.all(names.map(async (name) => [name, await own.hgetall(name).catch(() => '')])),
      );
    },
    [Symbol.asyncDispose]: close,
  };
}

/** What came back from the bridge. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What is asked of the bridge. */
export interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly signal?: AbortSignal;
  /** By a connection of its own. */
  readonly alone?: boolean;
}

/** What is asked by its socket. */
export interface Asked {
  readonly addresses: { readonly model: string };
}

/** Opens a request on the bridge's `model.sock`; resolves when the answer begins. */
export function openAsk(bridge: Asked, ask: Ask): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      socketPath: bridge.addresses.model,
      method: ask.method ?? 'POST',
      path: ask.path ?? '/v1/messages?beta=true',
      ...(ask.signal ? { signal: ask.signal } : {}),
      ...(ask.alone === true ? { agent: false } : {}),
      headers: {
        'content-type': 'application/json',
        ...(ask.token === undefined ? {} : { 'x-api-key': ask.token }),
        ...ask.headers,
      },
    });
    outgoing.once('response', resolve).once('error', reject);
    outgoing.end(ask.body);
  });
}

/** Asks the bridge on `model.sock` and reads the whole answer. */
export async function ask(bridge: Asked, what: Ask): Promise<Reply> {
  const answer = await openAsk(bridge, what);
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks).toString() };
}

/** A request of an agent's own turn, as the scripted model knows it. */
export function prompt(text: string, more: Readonly<Record<string, unknown>> = {}): string {
  const messages = [{ role: 'user', content: text }];
  return JSON.stringify({
    model: 'claude-sonnet-4-5',
    stream: true,
    max_tokens: 100,
    tools: [{ name: 'Bash' }],
    messages,
    ...more,
  });
}
