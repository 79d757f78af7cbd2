import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisKeys } from '@remuda/redis';
import { connectRaw } from '@remuda/redis/testing';
import { bridgeSockets } from '@remuda/protocol';
import { createLogger } from '@remuda/runtime';
import type { BridgeParts } from '../../../apps/bridge/src/bridge.js';
import { BridgeForwarder } from '../../../apps/worker/src/bridge/forwarder.js';
import { makeAuthority, type Issued, type Leaf } from '../../certificates.js';
import { runBridge, type RunningBridge, type WorkerSockets } from './running-bridge.js';

/** A bridge that workers reach over TCP. */
export interface TcpBridge extends RunningBridge {
  readonly url: URL;
  /** Who signed its certificate, PEM; undefined where it speaks no TLS. */
  readonly ca: string | undefined;
  /** What a worker proves itself by: `w-1`, `w-2`. */
  readonly credential: (worker: string) => string;
}

/** A bridge that speaks TLS, and the means to give it another certificate. */
export interface TlsBridge extends TcpBridge {
  readonly issue: (leaf: Leaf) => Issued;
  /** Puts a certificate where the bridge reads it. */
  readonly install: (issued: Issued) => Promise<void>;
}

type Change = (parts: BridgeParts) => BridgeParts;

/** Starts a bridge whose workers come over TCP without TLS. */
export async function plainBridge(env: Readonly<Record<string, string>> = {}, change?: Change): Promise<TcpBridge> {
  const run = await runBridge({ REMUDA_BRIDGE_LISTEN: '127.0.0.1:0', REMUDA_BRIDGE_PLAIN: '1', ...env }, change);
  return { ...run, ...(await reached(run)), ca: undefined };
}

/** Starts a bridge whose workers come over TCP with TLS; by default its certificate is good for 127.0.0.1 and localhost. */
export async function tlsBridge(
  env: Readonly<Record<string, string>> = {},
  change?: Change,
  leaf: Leaf = { names: ['localhost', '127.0.0.1'] },
): Promise<TlsBridge> {
  const { ca, issue } = makeAuthority();
  const folder = await mkdtemp(join(tmpdir(), 'rb-tls-'));
  const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  const install = async (issued: Issued): Promise<void> => {
    await Promise.all([writeFile(cert, issued.cert), writeFile(key, issued.key)]);
  };
  await install(issue(leaf));
  const files = { REMUDA_BRIDGE_TLS_CERT: cert, REMUDA_BRIDGE_TLS_KEY: key };
  const run = await runBridge({ REMUDA_BRIDGE_LISTEN: '127.0.0.1:0', ...files, ...env }, change);
  const dispose = async (): Promise<void> => {
    await run[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  };
  return { ...run, ...(await reached(run)), ca, issue, install, [Symbol.asyncDispose]: dispose };
}

/** Where it is reached, once its workers have credentials. */
async function reached(run: RunningBridge): Promise<Pick<TcpBridge, 'url' | 'credential'>> {
  const redis = connectRaw(run.redis.url, { name: 'test' });
  const credentials = new Map(['w-1', 'w-2'].map((worker) => [worker, randomBytes(32).toString('base64url')]));
  for (const [worker, credential] of credentials) {
    const bridgeCredential = createHash('sha256').update(credential).digest('hex');
    await redis.hset(redisKeys('remuda').worker(worker), { phase: 'idle', bridgeCredential });
  }
  redis.disconnect();
  const { entryUrl = '' } = run.bridge.addresses;
  return { url: new URL(entryUrl), credential: (worker) => credentials.get(worker) ?? '' };
}

/** A worker's own sockets, which lead to a bridge. */
export interface Forwarder extends AsyncDisposable {
  readonly sockets: WorkerSockets;
  /** All lines that it logged. */
  readonly log: readonly string[];
}

/** Opens a worker's sockets to a bridge. */
export async function forwarderTo(
  bridge: Pick<TcpBridge, 'url' | 'ca' | 'credential'>,
  worker: string,
): Promise<Forwarder> {
  const folder = await mkdtemp(join(tmpdir(), 'rw-'));
  const log: string[] = [];
  const { url, ca } = bridge;
  const forwarder = new BridgeForwarder({
    place: { url, ...(ca === undefined ? {} : { ca }), proof: { worker, credential: bridge.credential(worker) } },
    folder,
    log: createLogger({ name: 'worker', level: 'debug' }, { write: (line) => log.push(line) }),
  });
  await forwarder.open();
  const paths = Object.entries(bridgeSockets).map(([listener, name]) => [listener, join(folder, name)]);
  return {
    sockets: Object.fromEntries(paths) as WorkerSockets,
    log,
    [Symbol.asyncDispose]: async () => {
      forwarder.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
