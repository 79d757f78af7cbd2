import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { publishProfiles, redisKeys } from '@remuda/redis';
import { connectRaw } from '@remuda/redis/testing';
import { freePort } from '../../../apps/local/dist/cluster/free-port.js';
import { startProcess, type KeptProcess } from '../../../apps/local/dist/cluster/kept-process.js';
import { openRedis } from '../../../apps/local/dist/redis/local-redis.js';
import { whenReady } from '../../../apps/local/dist/cluster/ready.js';
import type { ApiDocument } from './document.js';
import { knownJobs } from './requests.js';

const root = join(import.meta.dirname, '../../..');
const readyMs = 60_000;
const graceMs = 15_000;
/** A folder for PGlite takes a minute to be made where everything else is busy. */
const archiveMs = 240_000;

/** The real api as a process of its own on a real Redis, with some jobs in it. */
export interface Stand {
  readonly port: number;
  readonly document: ApiDocument;
  /** The text of docs/errors.md. */
  readonly errors: string;
  /** Jobs that wait, and jobs that are over, by turns. */
  readonly jobs: readonly string[];
  /** What the api has logged as its own failures, a line each; and that it ended, if it did. */
  faults(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Brings it up, with further environment of the api; wants the apps built. */
export async function openStand(env: Readonly<Record<string, string>> = {}): Promise<Stand> {
  const undo: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return { ...(await bringUp(undo, env)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function bringUp(
  undo: (() => Promise<unknown>)[],
  further: Readonly<Record<string, string>>,
): Promise<Omit<Stand, 'close'>> {
  const dir = await mkdtemp('/tmp/remuda-fuzz-');
  undo.push(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }));
  const redis = await openRedis({ env: { ...process.env, REMUDA_REDIS_URL: undefined }, dir, say: () => undefined });
  undo.push(() => redis.stop());
  const namespace = 'fuzz';
  const connection = connectRaw(redis.url, { name: 'fuzz' });
  undo.push(async () => connection.disconnect());
  await publishProfiles(connection, redisKeys(namespace), { default: { warm: 0, max: 1 } });
  const port = await freePort();
  const url = `http://127.0.0.1:${String(port)}`;
  const env = {
    REMUDA_REDIS_URL: redis.url,
    REMUDA_NAMESPACE: namespace,
    REMUDA_API_PORT: String(port),
    REMUDA_STORE_DIR: join(dir, 'store'),
    REMUDA_SECRETS_KEY: 'f'.repeat(64),
  };
  const api = startProcess({
    name: 'api',
    run: { app: join(root, 'apps/api/dist/main.js') },
    env: { ...process.env, ...env, REMUDA_LOG_LEVEL: 'error', ...further },
    log: join(dir, 'api.log'),
  });
  undo.push(() => api.stop(graceMs));
  const fault = await whenReady({ url: `${url}/health/ready`, ended: api.ended, limitMs: readyMs });
  if (fault !== undefined) throw new Error(fault);
  // The api serves before its archive is open, and says 503 to what only that knows.
  const closed = await whenReady({ url: `${url}/api/v1/usage`, ended: api.ended, limitMs: archiveMs });
  if (closed !== undefined) throw new Error(closed);
  const document = (await (await fetch(`${url}/api/docs-json`)).json()) as ApiDocument;
  const errors = await readFile(join(root, 'docs/errors.md'), 'utf8');
  return { port, document, errors, jobs: await submitJobs(`${url}/api/v1/jobs`), faults: () => faultsOf(api) };
}

async function submitJobs(url: string): Promise<readonly string[]> {
  const post = async (path: string, body: object): Promise<{ readonly id: string }> => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    return (await answer.json()) as { readonly id: string };
  };
  const ids: string[] = [];
  for (let n = 0; n < knownJobs; n++) {
    const { id } = await post('', { prompt: `job ${String(n)}` });
    ids.push(id);
    if (n % 2 === 1) await post(`/${id}/cancel`, {});
  }
  return ids;
}

async function faultsOf({ log, ended }: KeptProcess): Promise<readonly string[]> {
  const end = await Promise.race([ended, Promise.resolve(undefined)]);
  const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '');
  return end === undefined ? lines : [...lines, end];
}
