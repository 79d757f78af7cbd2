import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { RemudaClient } from '@remuda/client';
import type { JobEvent } from '@remuda/domain';
import type { JobRequest } from '@remuda/protocol';
import { script, type Step } from '@remuda/scripted-model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGitService, type GitService } from '../git-service.js';
import { serveOverHttp, type GitOverHttp } from '../git-over-http.js';
import { hasEngine, startCluster, type TestCluster } from './harness/cluster.js';
import { foundIn } from './harness/inside.js';
import { logsOf } from './harness/logs.js';

const longMs = 400_000;
const bash = (command: string) => ({
  tools: [{ name: 'Bash', input: { command, description: 'a command', timeout: 300_000 } }],
});
const untilLetGo = bash('until [ -e /tmp/go ]; do sleep 0.1; done');
const credential = 'PUSH_TEAM';
/** One container that carries out job after job, so that it can be searched after a push as well. */
const profiles = JSON.stringify({ profiles: { default: { pool: { warm: 1, max: 1 }, recycle: { afterJobs: 20 } } } });

describe.skipIf(!hasEngine)('the commits of jobs in containers', () => {
  let server: GitOverHttp;
  let service: GitService;
  let cluster: TestCluster;
  /** The credential in each form in which it could be somewhere. */
  let forms: readonly string[];

  beforeAll(async () => {
    server = await serveOverHttp({ 'a.txt': 'one\n' });
    const { user, token } = server;
    const encoded = encodeURIComponent(token);
    forms = [token, encoded, Buffer.from(`${user}:${token}`).toString('base64')];
    const place = `${server.origin.replace('://', `://${user}:${encoded}@`)}/team/`;
    // the name of the default branch is on no list: the bridge knows it from the repository
    service = await startGitService();
    service.keeps('github');
    const services = `${new URL(server.origin).host}=github@${service.origin}`;
    const env = {
      ...{ [`REMUDA_SECRET_${credential}`]: place, REMUDA_GIT_PROTECTED: 'release/*' },
      REMUDA_GIT_SERVICES: services,
    };
    cluster = await startCluster({ runtime: 'docker', profiles, env });
  }, longMs);
  afterAll(async () => {
    await cluster.stop();
    await server[Symbol.asyncDispose]();
    await service.close();
  });

  const job = (steps: readonly Step[], more: Partial<JobRequest>): JobRequest => ({
    ...{ prompt: script(...steps), workspace: { kind: 'git', url: server.url }, attempts: 1 },
    ...more,
  });

  async function follow(id: string): Promise<readonly JobEvent[]> {
    const events: JobEvent[] = [];
    for await (const event of cluster.api.events(id)) events.push(event);
    return events;
  }

  /** The container in which a job has called so many tools. */
  async function containerOf(id: string, tools: number): Promise<string> {
    let called = 0;
    for await (const event of cluster.api.events(id))
      if (event.type === 'tool.called' && ++called === tools)
        return `remuda-${String((await cluster.api.job(id)).worker)}`;
    throw new Error(`${id} was over before it had called ${String(tools)} tools`);
  }

  const subjects = (branch: string) => server.git('log', '--reverse', '--format=%s', `main..${branch}`).split('\n');

  test(
    'are on a branch of the repository, and the credential is nowhere in the container',
    async () => {
      const canary = randomBytes(12).toString('hex');
      const work = `echo two > b.txt && git add b.txt && git commit -qm 'add b' && echo ${canary} > c.txt`;
      const push = { branch: 'remuda/add-b', credential, pullRequest: { title: 'Add b' } };
      const id = await cluster.api.submit(
        job([bash(work), bash('git config --list; env'), untilLetGo, { text: 'done' }], { git: { push } }),
      );
      const container = await containerOf(id, 3);
      const letGo = () => execFileSync('docker', ['exec', container, 'touch', '/tmp/go']);
      expect(await foundIn(container, [canary, ...forms]).finally(letGo)).toEqual([canary]);

      const events = await follow(id);
      const result = await cluster.api.result(id);
      const commit = server.git('rev-parse', 'remuda/add-b');
      const pushed = {
        state: 'pushed',
        branch: 'remuda/add-b',
        commit,
        commits: 2,
        url: `${server.origin}/team/project/tree/remuda/add-b`,
      };
      const url = 'https://host.example/1';
      const pullRequest = { state: 'opened', number: 1, url };
      expect(result.git?.push).toEqual({ ...pushed, uncommitted: 'committed', pullRequest });
      expect(subjects('remuda/add-b')).toEqual(['add b', `Changes of the job ${id}`]);
      expect(server.git('show', 'remuda/add-b:c.txt')).toBe(canary);
      expect(events.flatMap((event) => (event.type === 'workspace.pushed' ? [event.data] : []))).toEqual([
        { branch: 'remuda/add-b', commit, url: pushed.url, pullRequest: url },
      ]);
      expect([...server.seen]).toHaveLength(1);

      expect(await foundIn(container, forms)).toEqual([]);
      const told = JSON.stringify([events, result, await cluster.api.job(id)]) + (await logsOf(cluster));
      for (const form of forms) expect(told).not.toContain(form);
    },
    longMs,
  );

  test(
    'stay in the result where the branch has others, or is the default one, and the job has succeeded all the same',
    async () => {
      server.git('branch', 'taken', server.git('commit-tree', '-p', 'main', '-m', 'of somebody else', 'main^{tree}'));
      const before = server.git('show-ref');
      for (const [branch, reason] of [
        ['taken', 'branch_exists'],
        ['Main', 'protected'],
      ] as const) {
        const steps = [bash('echo more >> a.txt'), { text: 'done' }];
        const id = await cluster.api.submit(job(steps, { git: { push: { branch, credential } } }));
        expect(await cluster.api.over(id)).toMatchObject({ state: 'succeeded' });
        const { git, warnings } = await cluster.api.result(id);
        expect(git?.push).toMatchObject({ state: 'failed', branch, reason });
        expect(git?.patch).toContain('+more');
        expect(warnings?.join('\n')).toContain(`Nothing was pushed to ${branch}`);
      }
      expect(server.git('show-ref')).toBe(before);
    },
    longMs,
  );

  test(
    'of the turns of a session go on from each other on one branch, committed or not',
    async () => {
      const { sessions } = new RemudaClient({ url: cluster.apiUrl });
      const { id } = await sessions.create({ workspace: { kind: 'git', url: server.url }, idleMs: 0 });
      const pushes = [];
      for (const [name, commits] of [
        ['first', ' && git add . && git commit -qm first'],
        ['second', ''],
        ['third', ''],
      ] as const) {
        const work = `echo ${name} > ${name}.txt${commits}`;
        const prompt = script(bash(work), { text: 'done' });
        const turn = await sessions.send(id, { prompt, git: { push: { credential } } });
        await cluster.api.over(turn.id);
        pushes.push((await cluster.api.result(turn.id)).git?.push);
      }
      const branch = `remuda/${id}`;
      expect(pushes).toMatchObject([
        { state: 'pushed', branch, commits: 1 },
        { state: 'pushed', branch, uncommitted: 'committed' },
        { state: 'pushed', branch, uncommitted: 'committed', commit: server.git('rev-parse', branch) },
      ]);
      const changes = expect.stringContaining('Changes of the job') as string;
      expect(subjects(branch)).toEqual(['first', changes, changes]);
      const files = ['a.txt', 'first.txt', 'second.txt', 'third.txt'];
      expect(server.git('ls-tree', '--name-only', branch).split('\n')).toEqual(files);
      // What all turns have changed together, since the session began.
      const { git } = await sessions.get(id);
      expect(git).toMatchObject({
        turn: 3,
        base: server.git('rev-parse', `${branch}~3`),
        filesChanged: 3,
        insertions: 3,
      });
      expect(git?.commits.map(({ subject }) => subject)).toContain('first');
      expect(git).not.toHaveProperty('patch');
      await sessions.stop(id);
    },
    longMs,
  );
});
