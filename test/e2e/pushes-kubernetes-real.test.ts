import { randomBytes } from 'node:crypto';
import { script } from '@remuda/scripted-model';
import { describe, expect, test } from 'vitest';
import { kubeconfig } from '../contract/containers/real-cluster.js';
import { serveOverHttp, type GitOverHttp } from '../git-over-http.js';
import { startGitService } from '../git-service.js';
import { bash, longMs, OnPods, untilLetGo } from './harness/on-pods.js';
import { logsOf } from './harness/logs.js';

const done = { text: 'done' };
const credential = 'PUSH_TEAM';
/** Its pod is gone with a job: it is searched while the job runs, and what was told of it afterwards. */
const profile = { pool: { warm: 1, max: 1 } };

/** What a bridge needs to push to this server: where it is, and the credential as git's own store has it. */
function envFor({ origin, user, token }: GitOverHttp): Readonly<Record<string, string>> {
  const place = origin.replace('://', `://${user}:${encodeURIComponent(token)}@`);
  return { [`REMUDA_SECRET_${credential}`]: `${place}/team/`, REMUDA_GIT_HOSTS: '127.0.0.1' };
}

/** The credential in each form in which it could be somewhere. */
const formsOf = ({ user, token }: GitOverHttp): readonly string[] => [
  ...[token, encodeURIComponent(token), Buffer.from(`${user}:${token}`).toString('base64')],
];

describe.skipIf(kubeconfig === '')('in pods of the cluster that KUBECONFIG names', () => {
  test(
    'a job has its commits pushed, a pull request opened and its files kept, and the credential is nowhere in its pod',
    { timeout: longMs },
    async () => {
      await using server = await serveOverHttp({ 'a.txt': 'one\n' });
      await using service = await startGitService();
      service.keeps('github');
      const services = `${new URL(server.origin).host}=github@${service.origin}`;
      const own = await OnPods.start(profile, { ...envFor(server), REMUDA_GIT_SERVICES: services });
      await own.warm(1);
      const forms = formsOf(server);
      const canary = randomBytes(12).toString('hex');
      const branch = 'remuda/add-b';
      const push = { branch, credential, pullRequest: { title: 'Add b' } };
      const work = `echo two > b.txt && git add b.txt && git commit -qm 'add b' && mkdir out && echo ${canary} > out/c.txt`;
      const id = await own.submit([bash(work), bash('git config --list; env'), untilLetGo, done], {
        workspace: { kind: 'git', url: server.url },
        ...{ git: { push }, artifacts: ['out/**'], attempts: 1 },
      });
      const worker = await own.workerOf(id, 'tool.called', 3);
      expect(await own.found(worker, [canary, ...forms]).finally(() => own.letGo(worker))).toEqual([canary]);

      const events = await own.told(id);
      const result = await own.api.result(id);
      const commit = server.git('rev-parse', branch);
      const url = 'https://host.example/1';
      const page = `${server.origin}/team/project/tree/${branch}`;
      expect(result.git?.push, JSON.stringify(events)).toEqual({
        ...{ state: 'pushed', branch, commit, commits: 2, url: page, uncommitted: 'committed' },
        pullRequest: { state: 'opened', number: 1, url },
      });
      expect(server.git('show', `${branch}:out/c.txt`)).toBe(canary);
      expect(events.flatMap((event) => (event.type === 'workspace.pushed' ? [event.data] : []))).toEqual([
        { branch, commit, url: page, pullRequest: url },
      ]);
      const { artifacts } = await own.files.artifacts(id);
      expect(artifacts.map(({ path }) => path)).toEqual(['out/c.txt']);
      expect(await new Response(await own.files.artifact(id, 'out/c.txt')).text()).toBe(`${canary}\n`);

      const told = JSON.stringify([events, result, await own.api.job(id)]) + (await logsOf(own.cluster));
      for (const form of forms) expect(told).not.toContain(form);
    },
  );

  test('turns of a session push one after the other, each from a pod of its own', { timeout: longMs }, async () => {
    await using server = await serveOverHttp({ 'a.txt': 'one\n' });
    const own = await OnPods.start(profile, envFor(server));
    await own.warm(1);
    const { id } = await own.sessions.create({ workspace: { kind: 'git', url: server.url }, idleMs: 0 });
    const workers: string[] = [];
    const pushes = [];
    for (const [name, commits] of [
      ['first', ' && git add . && git commit -qm first'],
      ['second', ''],
    ] as const) {
      const prompt = script(bash(`echo ${name} > ${name}.txt${commits}`), done);
      const turn = await own.sessions.send(id, { prompt, git: { push: { credential } } });
      const { worker = '' } = await own.api.over(turn.id);
      pushes.push((await own.api.result(turn.id)).git?.push);
      workers.push(worker);
      await own.pods.delete(worker);
    }
    expect(new Set(workers).size).toBe(2);
    const branch = `remuda/${id}`;
    expect(pushes).toMatchObject([
      { state: 'pushed', branch, commits: 1 },
      { state: 'pushed', branch, uncommitted: 'committed', commit: server.git('rev-parse', branch) },
    ]);
    const files = ['a.txt', 'first.txt', 'second.txt'];
    expect(server.git('ls-tree', '--name-only', branch).split('\n')).toEqual(files);
    await own.sessions.stop(id);
  });
});
