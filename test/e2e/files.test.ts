import { execFileSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { script } from '@remuda/scripted-model';
import type { ArtifactsView, JobWithResultView, UploadView } from '@remuda/protocol';
import type { JobEvent } from '@remuda/domain';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasEngine, startCluster, type TestCluster } from './harness/cluster.js';

const longMs = 180_000;
const bash = (command: string) => ({ tools: [{ name: 'Bash', input: { command, description: 'a command' } }] });

describe.each([
  { runtime: 'process', there: true },
  { runtime: 'docker', there: hasEngine },
] as const)('files of jobs whose workers are of the runtime $runtime', ({ runtime, there }) => {
  let cluster: TestCluster;
  let folder: string;

  beforeAll(async () => {
    if (!there) return;
    folder = mkdtempSync(join(tmpdir(), 'remuda-files-'));
    cluster = await startCluster({ runtime });
  }, longMs);
  afterAll(async () => {
    if (!there) return;
    await cluster.stop();
    rmSync(folder, { recursive: true });
  });

  async function upload(): Promise<string> {
    mkdirSync(join(folder, 'src'));
    writeFileSync(join(folder, 'src', 'word.txt'), 'heron\n');
    const body = execFileSync('tar', ['-C', folder, '-czf', '-', 'src']);
    const headers = { 'content-type': 'application/gzip' };
    const put = { method: 'PUT', headers, body: new Uint8Array(body) };
    const answer = await fetch(`${cluster.apiUrl}/api/v1/uploads`, put);
    expect(answer.status).toBe(201);
    return ((await answer.json()) as UploadView).id;
  }

  async function run(job: object): Promise<JobWithResultView> {
    const headers = { 'content-type': 'application/json', prefer: 'wait=120' };
    const answer = await fetch(`${cluster.apiUrl}/api/v1/jobs`, { method: 'POST', headers, body: JSON.stringify(job) });
    return (await answer.json()) as JobWithResultView;
  }

  async function eventsOf(id: string): Promise<JobEvent[]> {
    const events: JobEvent[] = [];
    for await (const event of cluster.api.events(id)) events.push(event);
    return events;
  }

  test.skipIf(!there)(
    'a job begins with what was uploaded',
    async () => {
      const workspace = { kind: 'upload', upload: await upload() };
      const prompt = script(bash('cat src/word.txt && echo more >> src/word.txt'), { text: 'read' });
      const job = await run({ prompt, workspace });
      expect(job).toMatchObject({ state: 'succeeded', result: { text: 'read' } });
      const events = await eventsOf(job.id);
      expect(events.find(({ type }) => type === 'workspace.prepared')?.data).toMatchObject({ kind: 'upload' });
      expect(JSON.stringify(events.find(({ type }) => type === 'tool.returned')?.data)).toContain('heron');
    },
    longMs,
  );

  test.skipIf(!there)(
    'the files that a job names are kept after it: listed, one by one, and all as a tar',
    async () => {
      const make = [
        'mkdir -p dist/deep',
        'printf one > dist/a.js',
        'printf two > "dist/deep/b c.js"',
        'printf no > other.txt',
        ': > dist/empty',
        'ln dist/a.js dist/twin.js',
        'ln -s /etc/passwd dist/link',
        'ln -s /etc dist/etc',
      ];
      const prompt = script(bash(make.join(' && ')), { text: 'made' });
      const job = await run({ prompt, artifacts: ['dist/**', 'report.html'] });
      const missing = 'No file is kept for "report.html": the workspace has none.';
      expect(job).toMatchObject({ state: 'succeeded', result: { text: 'made' } });
      expect(job.result?.warnings).toEqual([missing]);
      const at = `${cluster.apiUrl}/api/v1/jobs/${job.id}/artifacts`;
      const list = (await (await fetch(at)).json()) as ArtifactsView;
      const paths = ['dist/a.js', 'dist/deep/b c.js', 'dist/empty', 'dist/twin.js'];
      expect(list).toMatchObject({ bytes: 9 });
      expect(list.artifacts.map(({ path }) => path)).toEqual(paths);
      const contents = await Promise.all(paths.map(async (path) => (await fetch(`${at}/${encodeURI(path)}`)).text()));
      expect(contents).toEqual(['one', 'two', '', 'one']);
      const tar = new Uint8Array(await (await fetch(`${at}.tar`)).arrayBuffer());
      const read = (args: string[]): string => execFileSync('tar', args, { input: tar }).toString();
      expect(read(['-tf', '-']).trim().split('\n').sort()).toEqual(paths);
      expect(read(['-xOf', '-', 'dist/deep/b c.js'])).toBe('two');
    },
    longMs,
  );

  test.skipIf(!there)(
    'a job begins with the files that an earlier job has left, and that keeps its own',
    async () => {
      const make = script(bash('mkdir -p out/deep && echo egret > out/deep/word.txt && echo no > other.txt'), {
        text: 'made',
      });
      const first = await run({ prompt: make, artifacts: ['out/**'] });
      expect(first).toMatchObject({ state: 'succeeded' });
      const workspace = { kind: 'snapshot', job: first.id };
      const change = 'cat out/deep/word.txt && test ! -e other.txt && echo heron > out/deep/word.txt';
      const second = await run({ prompt: script(bash(change), { text: 'read' }), workspace, artifacts: ['**'] });
      expect(second).toMatchObject({ state: 'succeeded', result: { text: 'read' } });
      const events = await eventsOf(second.id);
      expect(events.find(({ type }) => type === 'workspace.prepared')?.data).toMatchObject({ kind: 'snapshot' });
      const returned = events.find(({ type }) => type === 'tool.returned')?.data;
      expect(returned).toMatchObject({ ok: true });
      expect(JSON.stringify(returned)).toContain('egret');
      const left = async ({ id }: { readonly id: string }): Promise<string> =>
        (await fetch(`${cluster.apiUrl}/api/v1/jobs/${id}/artifacts/out/deep/word.txt`)).text();
      expect([await left(first), await left(second)]).toEqual(['egret\n', 'heron\n']);
    },
    longMs,
  );

  test.skipIf(!there)(
    'a job begins with the files of a session, which goes on as it is',
    async () => {
      const post = async (path: string, body: object): Promise<JobWithResultView> => {
        const headers = { 'content-type': 'application/json', prefer: 'wait=120' };
        const sent = { method: 'POST', headers, body: JSON.stringify(body) };
        return (await (await fetch(`${cluster.apiUrl}/api/v1${path}`, sent)).json()) as JobWithResultView;
      };
      const read = async ({ id }: { readonly id: string }): Promise<string> =>
        JSON.stringify((await eventsOf(id)).find(({ type }) => type === 'tool.returned')?.data);
      const session = await post('/sessions', {});
      const workspace = { kind: 'snapshot', session: session.id };
      expect(await post('/jobs', { prompt: 'x', workspace })).toMatchObject({ code: 'request.invalid' });
      const turns = `/sessions/${session.id}/turns`;
      const write = script(bash('echo egret > word.txt'), { text: 'written' });
      expect(await post(turns, { prompt: write })).toMatchObject({ state: 'succeeded' });
      const branch = script(bash('cat word.txt && rm word.txt'), { text: 'read' });
      expect(await read(await post('/jobs', { prompt: branch, workspace }))).toContain('egret');
      const next = script(bash('cat word.txt'), { text: 'kept' });
      expect(await read(await post(turns, { prompt: next }))).toContain('egret');
    },
    longMs,
  );
});
