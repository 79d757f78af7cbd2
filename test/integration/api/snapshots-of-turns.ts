import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FileBlobs } from '@remuda/blobs';
import { snapshotName } from '@remuda/domain';
import { RedisSnapshots, redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { vi } from 'vitest';
import { startApiCluster, type ApiCluster } from './api-cluster.js';
import { bearer, jwtSecret, signJwt } from './jwt.js';

/** The engine's name of every conversation here. */
export const sessionId = '00000000-0000-4000-8000-000000000001';

/** A cluster whose turns leave snapshots that a test makes, with the tenants `a` and `b`. */
export class SnapshotCluster {
  private constructor(
    readonly cluster: ApiCluster,
    readonly folder: string,
    readonly token: string,
    readonly redis: RawConnection,
  ) {}

  static async start(): Promise<SnapshotCluster> {
    const folder = await mkdtemp(join(tmpdir(), 'remuda-snapshots-of-turns-'));
    const token = await signJwt('a');
    const env = { REMUDA_JWT_SECRET: jwtSecret, REMUDA_BLOBS_URL: pathToFileURL(join(folder, 'blobs')).href };
    const small = { REMUDA_UPLOAD_MAX_MB: '1' };
    const cluster = await startApiCluster({ env: { ...env, ...small }, headers: bearer(token) });
    return new SnapshotCluster(cluster, folder, token, connectRaw(cluster.redis.url, { name: 'snapshots-of-turns' }));
  }

  async stop(): Promise<void> {
    this.redis.disconnect();
    await this.cluster.stop();
    await rm(this.folder, { recursive: true });
  }

  get blobFolder(): string {
    return join(this.folder, 'blobs', this.cluster.api.namespace, 'snapshots');
  }

  send(method: string, at: string, body?: unknown, headers = {}) {
    return this.cluster.api.send(method, `/api/v1/sessions${at}`, body, headers);
  }

  async created(body: object = {}): Promise<string> {
    return (await this.send('POST', '', { idleMs: 0, ...body })).json.id;
  }

  /** A packed folder, as workers pack it. */
  async packed(fill: (root: string) => Promise<void>, entries: readonly string[] = ['.']): Promise<Buffer> {
    const root = await mkdtemp(join(this.folder, 'tree-'));
    await fill(root);
    return execFileSync('tar', ['-C', root, '-czf', '-', ...entries], { maxBuffer: 100_000_000 });
  }

  /** A folder with these files, packed. */
  packedFiles(files: Readonly<Record<string, string>>): Promise<Buffer> {
    return this.packed(async (root) => {
      for (const [name, content] of Object.entries(files)) await writeFile(join(root, name), content);
    });
  }

  /** Carries out a turn whose worker stores a snapshot with these files; with `broken` its end is missing. */
  async turn(id: string, files: Buffer, { broken = false, prompt = 'led' } = {}): Promise<string> {
    const { id: job } = (await this.send('POST', `/${id}/turns`, { prompt })).json;
    const led = await this.cluster.engines.next();
    const keys = redisKeys(this.cluster.api.namespace);
    const [worker, lease] = (await this.redis.hmget(keys.job(job), 'worker', 'lease')) as [string, string];
    const session = await this.packed(
      (root) => writeFile(join(root, `${sessionId}.jsonl`), '{"type":"user"}\n'),
      [`${sessionId}.jsonl`],
    );
    const blobs = new FileBlobs(this.blobFolder, { maxBytes: 1e9, maxTotalBytes: 1e9 });
    const copy = '0123456789abcdef';
    const name = snapshotName(job, { lease: Number(lease), copy });
    const content = Buffer.concat([session, files]);
    const put = await blobs.put(name, chunks(content));
    if (put.kind !== 'stored') throw new Error(put.kind);
    if (broken) {
      const stored = (await readdir(this.blobFolder)).find((file) => file.startsWith(name)) ?? '';
      await truncate(join(this.blobFolder, stored), content.length - 9);
    }
    const snapshot = { sessionId, at: 5, lease: Number(lease), copy, ...{ bytes: put.bytes, sha256: put.sha256 } };
    await new RedisSnapshots(this.redis, keys).note(job, worker, { ...snapshot, sessionBytes: session.length });
    led.succeed();
    const isOver = async () => expectState(await this.send('GET', `/${id}`), 'hibernated');
    await vi.waitFor(isOver, { timeout: 60_000, interval: 50 });
    return job;
  }
}

function expectState({ json }: { readonly json: { readonly state: string } }, state: string): void {
  if (json.state !== state) throw new Error(`It is ${json.state}, not ${state}.`);
}

async function* chunks(content: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += 65_536) yield await Promise.resolve(content.subarray(at, at + 65_536));
}
