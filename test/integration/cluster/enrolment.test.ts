import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Profile } from '@remuda/domain';
import { enrolmentPath, readEnrolmentAnswer, type EnrolmentAnswer } from '@remuda/protocol';
import { createLogger } from '@remuda/runtime';
import { jobRef } from '@remuda/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { enrol } from '../../../apps/worker/src/enrol.js';
import { apiPlace, namespace, type ApiPlace } from '../../contract/containers/kubernetes-fixture.js';
import type { StoredObject } from '../../kubernetes-api/object-store.js';
import { LedEngines } from '../api/led-engine.js';
import { startRedis } from '../redis.js';
import { specOf, startInProcessCluster, type Cluster } from './in-process-cluster.js';
import { podWorker } from './pod-worker.js';

const enrolling: Partial<Profile> = {
  pool: { warm: 1, max: 2 },
  enrol: { serviceAccounts: ['remuda-worker'], surplus: 'stay' },
  recycle: { afterJobs: 100, afterMs: 3_600_000, idleMs: 3_600_000 },
};

describe('a pod that a Deployment made', () => {
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let place: ApiPlace;
  let engines: LedEngines;
  let cluster: Cluster;
  let url: string;

  beforeEach(async () => {
    redis = await startRedis();
    place = await apiPlace();
    // the node confirms
    place.api.onDelete = (pod) => setImmediate(() => place.api.store.remove(pod));
    engines = new LedEngines();
    const name = `t-${randomUUID().slice(0, 8)}`;
    const runtime = place.open({ cluster: name, sources: { made: false, enrolled: true } });
    cluster = await startInProcessCluster({
      ...{ redisUrl: redis.url, namespace: name, engine: () => engines.make(), profile: enrolling },
      ...{ kubernetes: runtime, enrol: { host: '127.0.0.1', port: 0 } },
    });
    url = cluster.schedulers[0]?.enrolUrl ?? '';
  });

  afterEach(async () => {
    await cluster.stop();
    await place.close();
    await redis[Symbol.asyncDispose]();
  });

  /** What a ReplicaSet and a kubelet do: the pod runs, and nothing of it is Remuda's yet. */
  const made = (
    name = `workers-${randomUUID().slice(0, 8)}`,
    serviceAccountName = 'remuda-worker',
    restartPolicy = 'Always',
  ): StoredObject => {
    const pod = place.api.store.add({
      kind: 'Pod',
      metadata: { name, namespace, labels: { app: 'workers' } },
      spec: { serviceAccountName, nodeName: 'node-1', restartPolicy, containers: [{ name: 'worker' }] },
    });
    return place.api.store.change(pod, { status: { phase: 'Running', containerStatuses: [status({ running: {} })] } })!;
  };
  const status = (state: object, more: object = {}) => ({ name: 'worker', restartCount: 0, state, ...more });
  const now = ({ metadata }: StoredObject) => place.api.store.get('Pod', namespace, metadata.name);
  const tokenOf = (pod: StoredObject) => place.api.tokens.of(pod);

  const ask = async (token: string, body: object = { profile: 'default' }, headers: Record<string, string> = {}) => {
    const response = await fetch(new URL(enrolmentPath, url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, ...headers },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, text, headers: response.headers };
  };
  const enrolled = async (pod: StoredObject): Promise<EnrolmentAnswer> => {
    const { status: said, text } = await ask(tokenOf(pod));
    expect(said, text).toBe(201);
    return readEnrolmentAnswer(text)!;
  };
  const refusal = async (...asked: Parameters<typeof ask>) => {
    const { status: said, text } = await ask(...asked);
    return { status: said, ...(JSON.parse(text) as { readonly code: string; readonly detail: string }) };
  };
  const worker = async ({ env }: EnrolmentAnswer) => podWorker(env, engines.make());
  const phaseOf = async (id: string) => (await cluster.pools.workers()).find((one) => one.id === id)?.phase;
  const idle = (id: string) => expect.poll(() => phaseOf(id), { timeout: 20_000 }).toBe('idle');

  test('enrols with its token, and carries out jobs one after the other', async () => {
    const pod = made();
    const answer = await enrolled(pod);
    expect(answer.worker).toMatch(new RegExp(`^e-${pod.metadata.name}-[0-9a-f]{12}$`));
    const running = await worker(answer);
    await idle(answer.worker);
    for (const id of [`j-${randomUUID()}`, `j-${randomUUID()}`]) {
      await cluster.store.submit([{ id, spec: specOf({ prompt: id }) }]);
      (await engines.next()).succeed();
      await expect
        .poll(async () => (await cluster.store.find(jobRef(id)))?.state, { timeout: 20_000 })
        .toBe('succeeded');
      expect(await cluster.store.find(jobRef(id))).toMatchObject({ worker: answer.worker, attempt: 1 });
    }
    expect(place.api.asked.filter(({ verb, resource }) => `${verb} ${resource}` === 'create pods')).toEqual([]);
    await running.leave();
  });

  test('costs more to take away while it has a job', async () => {
    const pod = made();
    const answer = await enrolled(pod);
    const running = await worker(answer);
    await idle(answer.worker);
    const cost = () => now(pod)?.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'];
    expect(cost()).toBeUndefined();
    const id = `j-${randomUUID()}`;
    await cluster.store.submit([{ id, spec: specOf({ prompt: id }) }]);
    const turn = await engines.next();
    await expect.poll(cost, { timeout: 10_000 }).toBe('1000');
    turn.succeed();
    await expect.poll(cost, { timeout: 10_000 }).toBe('0');
    await running.leave();
  });

  test('gets the same worker when its answer was lost, and none once that is warm', async () => {
    const pod = made();
    const first = await enrolled(pod);
    const second = await enrolled(pod);
    expect(second.worker).toBe(first.worker);
    expect(second.env['REMUDA_REDIS_URL']).not.toBe(first.env['REMUDA_REDIS_URL']);
    const running = await worker(second);
    await idle(first.worker);
    expect(await refusal(tokenOf(pod))).toMatchObject({ status: 409, code: 'enrolment.spent' });
    await running.leave();
  });

  test('whose container was started again is replaced, and told so', async () => {
    const pod = made();
    const answer = await enrolled(pod);
    const running = await worker(answer);
    await idle(answer.worker);
    const ended = { terminated: { exitCode: 137, reason: 'OOMKilled' } };
    const containerStatuses = [status({ running: {} }, { restartCount: 1, lastState: ended })];
    place.api.store.change(now(pod)!, { status: { containerStatuses } });
    await expect.poll(() => now(pod), { timeout: 20_000 }).toBeUndefined();
    await expect.poll(() => phaseOf(answer.worker), { timeout: 20_000 }).toBeUndefined();
    running.crash();
  });

  test('of a Job is removed when its phase reports how it ended, by which the Job counts it', async () => {
    const pod = made('job-pod', undefined, 'Never');
    const phases: unknown[] = [];
    place.api.onDelete = (left) => {
      phases.push(left['status'].phase);
      setImmediate(() => place.api.store.remove(left));
    };
    const answer = await enrolled(pod);
    const running = await worker(answer);
    await idle(answer.worker);
    const looks = () => place.api.asked.filter(({ verb, resource }) => verb === 'get' && resource === 'pods').length;
    const before = looks();
    await running.leave();
    const ended = [status({ terminated: { exitCode: 0, reason: 'Completed' } })];
    place.api.store.change(now(pod)!, { status: { containerStatuses: ended } });
    await expect.poll(looks, { timeout: 20_000 }).toBeGreaterThan(before);
    place.api.store.change(now(pod)!, { status: { phase: 'Succeeded' } });
    await expect.poll(() => now(pod), { timeout: 20_000 }).toBeUndefined();
    expect(phases).toEqual(['Succeeded']);
  });

  test('that has not enrolled is not touched, whatever becomes of it', async () => {
    const pod = made();
    const other = await enrolled(made());
    const running = await worker(other);
    await idle(other.worker);
    place.api.store.change(pod, { status: { phase: 'Failed' } });
    const deleted = place.api.asked.filter(({ verb }) => verb === 'delete');
    expect(deleted).toEqual([]);
    expect(now(pod)?.metadata.labels).toEqual({ app: 'workers' });
    await running.leave();
  });

  test('waits where the pool has as many as it may have, and enrols when one has left', async () => {
    const [first, second, third] = [made(), made(), made()];
    const answer = await enrolled(first);
    await enrolled(second);
    expect(await refusal(tokenOf(third))).toMatchObject({ status: 503, code: 'enrolment.pool_full' });
    const running = await worker(answer);
    await idle(answer.worker);
    const folder = await mkdtemp(join(tmpdir(), 'rm-enrol-'));
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, tokenOf(third));
    const log = createLogger({ name: 'worker', level: 'silent' });
    const ended = new AbortController();
    const env = enrol({ url: new URL(url), profile: 'default', tokenFile, log }, ended.signal);
    await running.leave();
    const containerStatuses = [status({ terminated: { exitCode: 0, reason: 'Completed' } })];
    place.api.store.change(now(first)!, { status: { containerStatuses } });
    expect(await env).toMatchObject({ REMUDA_WORKER_ID: expect.stringContaining(third.metadata.name) });
    await rm(folder, { recursive: true });
  });

  describe('is refused', () => {
    test('with a token that has expired', async () => {
      const token = tokenOf(made());
      place.api.tokens.expire(token);
      expect(await refusal(token)).toMatchObject({ status: 401, code: 'enrolment.token_invalid' });
    });

    test('with one for another audience', async () => {
      const token = place.api.tokens.of(made(), 'https://kubernetes.default.svc');
      expect(await refusal(token)).toMatchObject({ status: 401, code: 'enrolment.token_invalid' });
    });

    test('with one that is bound to no pod', async () => {
      const token = place.api.tokens.make({ namespace, serviceAccount: 'remuda-worker', audience: 'remuda' });
      expect(await refusal(token)).toMatchObject({ status: 401, detail: expect.stringContaining('bound to no pod') });
    });

    test('with one of another namespace', async () => {
      const pod = place.api.store.add({ kind: 'Pod', metadata: { name: 'a', namespace: 'b' }, spec: {} });
      expect(await refusal(place.api.tokens.of(pod))).toMatchObject({ status: 403, code: 'enrolment.refused' });
    });

    test('with one of another service account', async () => {
      const pod = made('other', 'default');
      expect(await refusal(tokenOf(pod))).toMatchObject({ status: 403, code: 'enrolment.refused' });
      expect(now(pod)?.metadata.labels).toEqual({ app: 'workers' });
    });

    test('with one of a pod of its name that is gone', async () => {
      const pod = made('same');
      const token = tokenOf(pod);
      place.api.store.remove(pod);
      made('same');
      expect(await refusal(token)).toMatchObject({ status: 401, code: 'enrolment.token_invalid' });
    });

    test('where it says that it is another pod', async () => {
      const [pod, other] = [made(), made()];
      const claim = { profile: 'default', pod: other.metadata.name };
      expect(await refusal(tokenOf(pod), claim)).toMatchObject({ status: 400, code: 'request.invalid' });
    });

    test('in a profile that there is not', async () => {
      expect(await refusal(tokenOf(made()), { profile: 'none' })).toMatchObject({ code: 'profile.unknown' });
    });

    test('as a page of a browser', async () => {
      expect(await refusal(tokenOf(made()), {}, { origin: 'http://evil.example' })).toMatchObject({ status: 403 });
    });

    test('for a while, after it has failed again and again; the API server is asked no more', async () => {
      for (let i = 0; i < 10; i++) expect((await ask('guessed')).status).toBe(401);
      const asked = place.api.asked.length;
      const { status: said, headers } = await ask('guessed');
      expect(said).toBe(429);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(place.api.asked.slice(asked).filter(({ resource }) => resource === 'tokenreviews')).toEqual([]);
    });

    test('while the API server is away, and enrols when it is back', async () => {
      const pod = made();
      await place.api.away();
      expect(await refusal(tokenOf(pod))).toMatchObject({ status: 503, code: 'runtime.unavailable' });
      await place.api.back();
      await enrolled(pod);
    });
  });
}, 60_000);
