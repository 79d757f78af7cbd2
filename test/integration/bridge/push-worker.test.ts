import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SecretVault } from '@remuda/domain';
import { Push } from '../../../apps/worker/src/push.js';
import { SnapshotClient } from '../../../apps/worker/src/snapshot-client.js';
import { gitIn, serveOverHttp } from '../../git-over-http.js';
import { startGitService } from '../../git-service.js';
import { runBridge } from './running-bridge.js';

test('what a worker finds in its workspace is on the branch, with what was not committed as the last commit', async () => {
  await using server = await serveOverHttp({ 'a.txt': 'one\n' });
  const secret = `${server.origin.replace('://', `://${server.user}:${encodeURIComponent(server.token)}@`)}/`;
  const vault: SecretVault = { find: () => Promise.resolve(secret) };
  await using service = await startGitService();
  service.keeps('gitlab');
  const services = `${new URL(server.origin).host}=gitlab@${service.origin}/api/v4`;
  await using bridge = await runBridge({ REMUDA_GIT_SERVICES: services }, (parts) => ({ ...parts, vault }));
  const folder = mkdtempSync(join(bridge.folder, 'job-'));
  gitIn(folder, 'clone', '-q', '--depth=1', `file://${server.folder}`, '.');
  writeFileSync(join(folder, 'b.txt'), 'two\n');
  gitIn(folder, 'add', 'b.txt');
  gitIn(folder, 'commit', '-q', '-m', 'add b');
  writeFileSync(join(folder, 'c.txt'), 'three\n');

  const push = { branch: 'topic', credential: 'PUSH', tenant: 'acme', pullRequest: { draft: true } };
  await bridge.grant('t', { job: 'job-1', worker: 'w-1', lease: 1, git: { url: server.url }, push });
  const worker = new Push(new SnapshotClient(bridge.bridge.addresses.snapshot), {
    folder,
    env: { PATH: process.env['PATH'] ?? '' },
  });
  const aim = { push, branch: 'topic', job: 'job-1', token: 't', base: server.head };
  const outcome = await worker.push(aim, new AbortController().signal);
  const commit = server.git('rev-parse', 'topic');
  expect(outcome).toEqual({
    ...{
      state: 'pushed',
      branch: 'topic',
      commit,
      commits: 2,
      url: `${server.origin}/team/project/-/tree/topic`,
      uncommitted: 'committed',
    },
    pullRequest: { state: 'opened', number: 1, url: 'https://host.example/1' },
  });
  expect(server.git('log', '--format=%s', 'main..topic').split('\n')).toEqual(['Changes of the job job-1', 'add b']);

  const { authorization, path, body } = service.came.at(-1) ?? {};
  expect(path).toBe('/api/v4/projects/team%2Fproject/merge_requests');
  expect(body).toMatchObject({ source_branch: 'topic', target_branch: 'main', title: 'Draft: add b' });
  expect(authorization).toBe(`Bearer ${server.token}`);

  await bridge.revoke('t');
  const late = await worker.push(aim, new AbortController().signal);
  expect(late).toMatchObject({ state: 'failed', reason: 'unavailable', message: 'The bridge answered 401.' });
});
