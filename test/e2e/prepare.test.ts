import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { script } from '@remuda/scripted-model';
import type { JobWithResultView, UploadView } from '@remuda/protocol';
import type { JobEvent } from '@remuda/domain';
import { expect, test } from 'vitest';
import { hasEngine, startCluster, type TestCluster } from './harness/cluster.js';
import { serveSite } from './harness/site.js';

const bash = (command: string) => ({ tools: [{ name: 'Bash', input: { command, description: 'a command' } }] });

/** A volume with what a package manager would leave in a home. */
function filledVolume(): { readonly name: string } & Disposable {
  const name = `remuda-test-cache-${randomUUID()}`;
  const fill = `umask 022; mkdir -p /filled/.npm/content; cd /filled/.npm; head -c 100000 /dev/zero > content/large; echo one > index`;
  const as = ['--network', 'none', '--volume', `${name}:/filled`];
  execFileSync('docker', ['run', '--rm', ...as, 'debian:bookworm-slim', 'sh', '-c', fill]);
  return { name, [Symbol.dispose]: () => void execFileSync('docker', ['volume', 'rm', '-f', name]) };
}

const prepare = (at: string): string => `
curl -sS http://${at}/a.txt > fetched.txt
stat -Lc %s ~/.npm/content/large > size.txt
echo two >> ~/.npm/index
[ ! -e broken ] || { echo 'no such package' >&2; exit 1; }
`;

async function upload({ apiUrl }: TestCluster, file: string): Promise<string> {
  const body = execFileSync('tar', ['-C', '/', '-czf', '-', '--transform', `s,.*,${file},`, 'etc/hostname']);
  const headers = { 'content-type': 'application/gzip' };
  const answer = await fetch(`${apiUrl}/api/v1/uploads`, { method: 'PUT', headers, body: new Uint8Array(body) });
  return ((await answer.json()) as UploadView).id;
}

async function run({ api, apiUrl }: TestCluster, job: object) {
  const headers = { 'content-type': 'application/json', prefer: 'wait=120' };
  const answer = await fetch(`${apiUrl}/api/v1/jobs`, { method: 'POST', headers, body: JSON.stringify(job) });
  const view = (await answer.json()) as JobWithResultView;
  const events: JobEvent[] = [];
  for await (const event of api.events(view.id)) events.push(event);
  return { view, events, types: events.map(({ type }) => type) };
}

/** The output of each of its tools. */
const outputsOf = (events: readonly JobEvent[]): readonly string[] =>
  events.flatMap((event) => (event.type === 'tool.returned' ? [event.data.output] : []));

test('in a real container: a script prepares each workspace, from a host of the profile and from a cache that no job can change', async ({
  skip,
}) => {
  skip(!hasEngine, 'no container engine');
  await using site = await serveSite();
  using cache = filledVolume();
  const profile = { pool: { warm: 1, max: 1 }, recycle: { afterJobs: 5 }, egress: [site.at] };
  await using cluster = await startCluster({
    runtime: 'docker',
    profiles: JSON.stringify({ profiles: { default: { ...profile, cache: cache.name, prepare: prepare(site.at) } } }),
    env: { REMUDA_EGRESS_HOSTS: '127.0.0.2' },
  });
  const look = 'cat fetched.txt size.txt; cat ~/.npm/index';
  const poison =
    'echo evil > ~/.npm/content/large; rm ~/.npm/content/large; echo evil > ~/.npm/content/large; ls -la /opt/remuda-cache/.npm';
  const prompt = script(bash(look), bash(poison), { text: 'done' });

  for (const job of ['the first', 'the next one, in the same container']) {
    const workspace = { kind: 'upload', upload: await upload(cluster, 'a') };
    const { view, events, types } = await run(cluster, { prompt, workspace });
    expect(view, job).toMatchObject({ state: 'succeeded' });
    expect(types.slice(types.indexOf('workspace.prepared'))).toEqual(
      expect.arrayContaining(['workspace.prepared', 'prepare.started', 'prepare.ended', 'session.started']),
    );
    const [seen, poisoned] = outputsOf(events);
    expect(seen).toContain('the file /a.txt');
    expect(seen).toMatch(/100000\none\ntwo$/);
    expect(poisoned).toContain('Read-only file system');
  }

  const workspace = { kind: 'upload', upload: await upload(cluster, 'broken') };
  const failed = await run(cluster, { prompt, workspace });
  expect(failed.view).toMatchObject({ state: 'failed', failure: { code: 'workspace.failed' } });
  expect(failed.view.failure?.message).toMatch(/prepare script ended with exit code 1\.[^]*no such package/);
  expect(failed.types).not.toContain('tool.called');

  const empty = await run(cluster, { prompt: script({ text: 'done' }) });
  expect(empty.types).not.toContain('prepare.started');
});
