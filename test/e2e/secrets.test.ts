import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { script } from '@remuda/scripted-model';
import type { JobEvent } from '@remuda/domain';
import type { JobWithResultView, SessionView } from '@remuda/protocol';
import { connectRaw } from '@remuda/redis/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contentsOf } from '../integration/redis-contents.js';
import { hasEngine, startCluster, type TestCluster } from './harness/cluster.js';
import { serveRepository } from './harness/git-server.js';

const exec = promisify(execFile);
const bash = (command: string) => ({ tools: [{ name: 'Bash', input: { command, description: 'a command' } }] });

/** Needs encoding wherever anything can. */
const secret = `s3cr/t+"${randomBytes(6).toString('hex')}" ö&x`;
const forms = [
  secret,
  Buffer.from(secret).toString('base64'),
  Buffer.from(secret).toString('hex'),
  encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1),
];
/** A second one, of one turn only. */
const other = `npm-${randomBytes(6).toString('hex')}`;
const sha256 = createHash('sha256').update(secret).digest('hex');
const leaks = (text: string) => forms.filter((form) => text.includes(form));

const prints = [
  'printf %s "$DEPLOY_TOKEN" | sha256sum',
  'echo "<$DEPLOY_TOKEN>"; echo "error: $DEPLOY_TOKEN" >&2; env | grep DEPLOY; printf %s "$DEPLOY_TOKEN" | base64; printf "user:%s" "$DEPLOY_TOKEN" | base64',
  'node -p "encodeURIComponent(process.env.DEPLOY_TOKEN) + JSON.stringify(process.env.DEPLOY_TOKEN)"; printf %s "$DEPLOY_TOKEN" | xxd -p 2>/dev/null || printf %s "$DEPLOY_TOKEN" | od -An -tx1 | tr -d " \\n"',
  'echo "$DEPLOY_TOKEN" > found.txt; git add . && git -c user.name=T -c user.email=t@example.org commit -qm "use $DEPLOY_TOKEN"; echo "$DEPLOY_TOKEN" > left.txt',
];

describe.skipIf(!hasEngine)('a job with secrets', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    const env = { REMUDA_SECRET_GITHUB_TOKEN: secret, REMUDA_SECRET_NPM_TOKEN: other };
    cluster = await startCluster({ runtime: 'docker', profiles: profilesFile, env });
  });
  afterAll(() => cluster.stop());

  test('its tools see them; nothing that it says, and nothing that is left of it, has them', async () => {
    await using repository = await serveRepository({ 'a.txt': 'a\n' });
    const id = await cluster.api.submit({
      prompt: script(...prints.map(bash)),
      workspace: { kind: 'git', url: repository.url },
      secrets: { DEPLOY_TOKEN: secret },
      deltas: true,
    });
    // the model says it, too: in the answer's text, word by word
    cluster.model.queue(...prints.map(bash), { text: `The token is ${secret}, as you know.` });
    const container = await containerOf(id);
    const logs = followLogs(container);
    const events: JobEvent[] = [];
    for await (const event of cluster.api.events(id)) events.push(event);
    const [job, result] = await Promise.all([cluster.api.job(id), cluster.api.result(id)]);

    const outputs = events.flatMap((event) => (event.type === 'tool.returned' ? [event.data.output] : []));
    expect(outputs[0]).toContain(sha256);
    expect(outputs[1]?.match(/\[secret DEPLOY_TOKEN\]/g)?.length).toBeGreaterThanOrEqual(4);
    expect(outputs[2]?.match(/\[secret DEPLOY_TOKEN\]/g)).toHaveLength(3);
    const deltas = events.flatMap((event) => (event.type === 'message.delta' ? [event.data.text] : [])).join('');
    expect(deltas).toContain('The token is [secret DEPLOY_TOKEN], as you know.');
    expect(result).toMatchObject({
      state: 'succeeded',
      text: 'The token is [secret DEPLOY_TOKEN], as you know.',
      git: { commits: [{ subject: 'use [secret DEPLOY_TOKEN]' }] },
    });
    expect(result.git?.patch?.match(/^\+\[secret DEPLOY_TOKEN\]$/gm)).toHaveLength(2);
    expect(leaks(JSON.stringify([events, result, job]))).toEqual([]);

    const redis = connectRaw(cluster.redisUrl, { name: 'test' });
    try {
      await expect
        .poll(async () => [...(await contentsOf(redis))].filter(([, text]) => leaks(text).length > 0), {
          timeout: 30_000,
        })
        .toEqual([]);
    } finally {
      redis.disconnect();
    }
    expect(leaks(await logs)).toEqual([]);
  });

  test('the next job of the pool has none of them', async () => {
    const id = await cluster.api.submit({
      prompt: script(bash('echo "[$DEPLOY_TOKEN]"; env | grep -c DEPLOY'), { text: 'x' }),
    });
    const outputs: string[] = [];
    for await (const event of cluster.api.events(id))
      if (event.type === 'tool.returned') outputs.push(event.data.output);
    expect(outputs[0]).toMatch(/^\[\]\s+0/);
  });

  test('each turn of a session has those that the session names, on a worker that waited and on another one, and Redis has none of them', async () => {
    const session = await ask<SessionView>('/sessions', { secrets: ['GITHUB_TOKEN'], idleMs: 3_600_000 });
    expect(session).toMatchObject({ secrets: ['GITHUB_TOKEN'] });
    const [first, firstSaid] = await turn(session.id, [
      'printf %s "$GITHUB_TOKEN" | sha256sum | tee sum.txt; echo "<$GITHUB_TOKEN>"',
    ]);
    expect(firstSaid).toEqual([expect.stringMatching(`^${sha256}[^]*<\\[secret GITHUB_TOKEN\\]>`)]);
    const [second, secondSaid] = await turn(session.id, ['cat sum.txt; echo "<$GITHUB_TOKEN> <$NPM_TOKEN>"'], {
      secrets: ['NPM_TOKEN', 'GITHUB_TOKEN'],
    });
    expect(second).toMatchObject({ start: { kind: 'warm' }, worker: first.worker });
    expect([...(second.secrets ?? [])].toSorted()).toEqual(['GITHUB_TOKEN', 'NPM_TOKEN']);
    const both = '<\\[secret GITHUB_TOKEN\\]> <\\[secret NPM_TOKEN\\]>';
    expect(secondSaid).toEqual([expect.stringMatching(`^${sha256}[^]*${both}`)]);

    // a job takes the only place of the pool, and gets another worker
    const job = await ask<JobWithResultView>(
      '/jobs',
      { prompt: script(bash('env | grep -c -e GITHUB_TOKEN -e NPM_TOKEN'), { text: 'x' }) },
      wait,
    );
    expect(job).toMatchObject({ state: 'succeeded' });
    expect(job.worker).not.toBe(first.worker);
    expect((await outputsOf(job.id))[0]).toMatch(/^0/);
    const [third, thirdSaid] = await turn(session.id, ['cat sum.txt; echo "<$GITHUB_TOKEN> <$NPM_TOKEN>"']);
    expect(third).toMatchObject({ start: { kind: 'resumed' }, secrets: ['GITHUB_TOKEN'] });
    expect(thirdSaid).toEqual([expect.stringMatching(`^${sha256}[^]*<\\[secret GITHUB_TOKEN\\]> <>`)]);

    const redis = connectRaw(cluster.redisUrl, { name: 'test' });
    try {
      const all = [...(await contentsOf(redis))];
      expect(all.some(([, text]) => text.includes('GITHUB_TOKEN'))).toBe(true);
      expect(all.filter(([, text]) => leaks(text).length > 0 || text.includes(other))).toEqual([]);
    } finally {
      redis.disconnect();
    }
  });

  const wait = { prefer: 'wait=120' };
  async function ask<T>(path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    const answer = await fetch(`${cluster.apiUrl}/api/v1${path}`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) },
    });
    expect(answer.ok, `${path}: ${String(answer.status)}`).toBe(true);
    return (await answer.json()) as T;
  }

  /** A turn that has succeeded, and what its tools have printed. */
  async function turn(
    session: string,
    commands: readonly string[],
    own: object = {},
  ): Promise<readonly [JobWithResultView, readonly string[]]> {
    const prompt = script(...commands.map(bash), { text: 'done' });
    const job = await ask<JobWithResultView>(`/sessions/${session}/turns`, { ...own, prompt }, wait);
    expect(job).toMatchObject({ state: 'succeeded' });
    return [job, await outputsOf(job.id)];
  }

  async function outputsOf(id: string): Promise<readonly string[]> {
    const outputs: string[] = [];
    for await (const event of cluster.api.events(id))
      if (event.type === 'tool.returned') outputs.push(event.data.output);
    return outputs;
  }

  async function containerOf(id: string): Promise<string> {
    for await (const event of cluster.api.events(id))
      if (event.type === 'job.assigned') return `remuda-${event.data.worker}`;
    throw new Error(`${id} was not assigned`);
  }
});

/** A worker that would be used again. */
const profilesFile = JSON.stringify({
  profiles: { default: { pool: { warm: 1, max: 1 }, recycle: { afterJobs: 5 } } },
});

/** What a container prints until it is gone. */
async function followLogs(container: string): Promise<string> {
  const { stdout, stderr } = await exec('docker', ['logs', '-f', container]).catch(
    (error: unknown) => error as { stdout: string; stderr: string },
  );
  return stdout + stderr;
}
