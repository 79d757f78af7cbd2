import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiError, RemudaClient } from '@remuda/client';
import { script, startScriptedModel } from '@remuda/scripted-model';
import { expect, test, vi } from 'vitest';
import { startCluster } from '../../apps/local/src/cluster/cluster.js';
import { freePort } from '../../apps/local/src/cluster/free-port.js';
import { hasPostgres, startPostgres } from '../integration/postgres.js';
import { startOidcIssuer } from '../oidc-issuer.js';
import { startS3 } from '../s3.js';

const root = join(import.meta.dirname, '../..');

/** A further api of a cluster, as a program. */
async function startApi(env: Readonly<Record<string, string>>) {
  const port = await freePort();
  const child = spawn(process.execPath, [join(root, 'apps/api/dist/main.js')], {
    env: { ...process.env, ...env, REMUDA_API_PORT: String(port), REMUDA_LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${String(port)}`;
  const isReady = () =>
    fetch(`${url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  await vi.waitUntil(isReady, { timeout: 60_000, interval: 100 });
  return {
    url,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

// The walk of docs/production.md, with everything on this machine.
test('two apis before one PostgreSQL and one bucket serve tenants with tokens of an issuer, within their limits', async ({
  skip,
}) => {
  skip(!hasPostgres, 'no PostgreSQL can be started');
  const folder = await mkdtemp(join(tmpdir(), 'remuda-production-'));
  const postgres = await startPostgres();
  await using s3 = await startS3();
  await using issuer = await startOidcIssuer(['acme', 'beta']);
  const model = await startScriptedModel();
  const tenants = join(folder, 'tenants.yaml');
  await writeFile(tenants, 'tenants:\n  acme: { weight: 2 }\n  beta: { waiting: 1 }\n');
  const env = {
    ...{ ...issuer.env, ...s3.env, REMUDA_BLOBS_URL: s3.url, REMUDA_DATABASE_URL: await postgres.database() },
    ...{ REMUDA_TENANTS: tenants, REMUDA_ALLOW_UNISOLATED: '1', REMUDA_WARM: '1', REMUDA_MAX_WORKERS: '2' },
  };
  const namespace = `test-${randomBytes(4).toString('hex')}`;
  const cluster = await startCluster({
    ...{ env: { ...process.env, ...env }, namespace, forget: true, runtime: 'process', model: new URL(model.url) },
    say: () => undefined,
  });
  const second = await startApi({ ...env, REMUDA_REDIS_URL: cluster.redisUrl, REMUDA_NAMESPACE: namespace });
  try {
    const [ofAcme, ofBeta] = await Promise.all(
      ['acme', 'beta'].map((name) => issuer.token(name, 'jobs:read jobs:write')),
    );
    const at = (url: string, token: string | undefined) => new RemudaClient({ url, ...(token && { token }) });
    const [first, other] = [at(cluster.apiUrl, ofAcme), at(second.url, ofAcme)];
    await expect(at(second.url, undefined).jobs()).rejects.toMatchObject({ status: 401, code: 'token.missing' });

    // submitted at one api, followed and shown at the other
    const { id } = await first.submit({ prompt: script({ text: 'for acme' }) });
    const types: string[] = [];
    for await (const { type } of other.follow(id)) types.push(type);
    expect(types.at(-1)).toBe('job.over');
    expect((await other.result(id)).text).toBe('for acme');

    // another tenant's
    const beta = at(second.url, ofBeta);
    await expect(beta.job(id)).rejects.toMatchObject({ status: 404, code: 'job.unknown' });
    expect((await beta.jobs()).jobs).toEqual([]);

    // its limit
    const later = { prompt: 'later', delayMs: 3_600_000 };
    await beta.submit(later);
    const refused = await beta.submit(later).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ApiError);
    expect(refused).toMatchObject({ status: 429, code: 'tenant.limit_reached' });
    expect((await first.submit(later)).state).toBe('queued');

    // the history, in PostgreSQL
    const usage = async () =>
      (await other.http.GET('/api/v1/usage', {})).data?.days.reduce((sum, { jobs }) => sum + jobs, 0);
    await vi.waitFor(async () => expect(await usage()).toBe(1), { timeout: 30_000, interval: 200 });

    // an upload by an api that is gone when a job of the other begins with it
    await writeFile(join(folder, 'hello.txt'), 'from the bucket');
    const archive = execFileSync('tar', ['-C', folder, '-cf', '-', 'hello.txt']);
    const uploaded = await fetch(`${second.url}/api/v1/uploads`, {
      ...{ method: 'PUT', body: archive },
      headers: { authorization: `Bearer ${ofAcme ?? ''}`, 'content-type': 'application/x-tar' },
    });
    const upload = ((await uploaded.json()) as { readonly id: string }).id;
    await second.kill();
    const read = { name: 'Bash', input: { command: 'cat hello.txt', description: 'read it' } };
    const outputs: string[] = [];
    const last = await first.run(
      { prompt: script({ tools: [read] }, { text: 'done' }), workspace: { kind: 'upload', upload } },
      {
        onEvent: (event) => {
          if (event.type === 'tool.returned') outputs.push(event.data.output);
        },
      },
    );
    expect([last.job.state, outputs]).toEqual(['succeeded', ['from the bucket']]);
  } finally {
    await second.kill().catch(() => undefined);
    await cluster.stop();
    await model.close();
    await postgres.close();
    await rm(folder, { recursive: true });
  }
});
