import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copySession, copyWorkspace, pasteSession, pasteWorkspace, type CopyPlace } from '@remuda/engine';
import type { NewEvent, Turn } from '@remuda/domain';
import { script } from '@remuda/scripted-model';
import { expect, test, vi } from 'vitest';
import { runs } from './process-table.js';
import { bash, dataOf, stable, warmStable, type Stabled } from './stable.js';

const env = { PATH: process.env['PATH'] ?? '' };
const placeOf = ({ workspace, home }: Pick<Stabled, 'workspace' | 'home'>): CopyPlace => ({ workspace, home, env });

/** What a turn with one tool call leaves: its session, and what the transcript must tell. */
async function work(one: Stabled): Promise<{ sessionId: string; toolId: string }> {
  const { events } = await one.run(script(bash('echo one >> lines.txt'), { text: 'remember 4711' }));
  const [started] = dataOf(events, 'session.started');
  const [returned] = dataOf(events, 'tool.returned');
  return { sessionId: started?.sessionId ?? '', toolId: returned?.id ?? '' };
}

/**
 * A session of a turn with words of its own, copied while that goes on, as a worker does it: Claude Code of such a turn ends with it, and
 * may not have written its transcript to the end by then.
 */
async function copiedAtWork(one: Stabled, over: Partial<Turn>) {
  let sessionId = '';
  const copies: { readonly toolId: string; readonly session: ReturnType<typeof copySession> }[] = [];
  const turn = {
    prompt: script(bash('echo one >> lines.txt'), { text: 'remember 4711', delayMs: 3_000 }),
    ...{ deltas: false, bridgeToken: 'job-token', env: {} },
    ...over,
  };
  const onEvent = ({ type, data }: NewEvent): void => {
    if (type === 'session.started') ({ sessionId } = data);
    if (type === 'tool.returned')
      copies.push({ toolId: data.id, session: copySession(placeOf(one), { sessionId, toolId: data.id }) });
  };
  await one.engine.turn(turn, onEvent, new AbortController().signal);
  const [copy] = copies;
  return { aim: { sessionId, toolId: copy?.toolId ?? '' }, session: (await copy?.session) ?? Buffer.alloc(0) };
}

async function* bytes(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(content);
}

async function all(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('another engine goes on with a session that was copied, under the same id, in a workspace that is the same', async () => {
  await using one = await warmStable();
  // the words are the job's, in each of its attempts; later versions keep those that a session began with
  const { aim, session } = await copiedAtWork(one, { appendSystemPrompt: 'JOB WORDS' });
  const workspace = await all(copyWorkspace(placeOf(one)));
  await using other = await warmStable();
  await writeFile(join(other.workspace, 'leftover'), 'not of the job');
  await pasteWorkspace(placeOf(other), bytes(workspace));
  await pasteSession(placeOf(other), session);
  expect((await readdir(other.workspace)).sort()).toEqual(['.git', 'lines.txt']);
  await other.engine.resume(aim.sessionId, { appendSystemPrompt: 'JOB WORDS' });
  const { end } = await other.run('go on', { bridgeToken: 'second-token' });
  expect(end).toMatchObject({ kind: 'succeeded', result: { sessionId: aim.sessionId } });
  expect(JSON.stringify(other.model.lastMain?.messages)).toMatch(/remember 4711[^]*go on/);
  expect(JSON.stringify(other.model.lastMain?.system)).toContain('JOB WORDS');
  const asked = other.model.requests.findLast((request) => request.main);
  expect(asked?.headers['x-remuda-token']).toBe('second-token');
});

test('a transcript whose folder is not there yet is waited for', async () => {
  await using one = await warmStable();
  const copying = copySession(placeOf(one), { sessionId: 's', toolId: 't' });
  copying.catch(() => undefined);
  const folder = join(one.home, '.claude/projects', (await realpath(one.workspace)).replaceAll(/[^A-Za-z0-9]/g, '-'));
  await vi.waitFor(() => expect(runs('sleep 0.05')).toBe(true), { timeout: 20_000, interval: 5 });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 's.jsonl'), '{"tool_use_id":"t"}\n');
  expect(execFileSync('tar', ['-xzOf', '-'], { input: await copying }).toString()).toContain('tool_use_id');
});

test('a session that is gone on with can be copied again, with what was done since', async () => {
  await using one = await warmStable();
  const aim = await work(one);
  await using other = await warmStable();
  await pasteSession(placeOf(other), (await copySession(placeOf(one), aim)) ?? Buffer.alloc(0));
  await other.engine.resume(aim.sessionId, {});
  const copies: ReturnType<typeof copySession>[] = [];
  // while it goes on, as a worker does it: Claude Code of a session that was taken up ends with its turn
  const end = await other.engine.turn(
    {
      prompt: script(bash('echo two >> lines.txt'), { text: 'done', delayMs: 3_000 }),
      ...{ deltas: false, bridgeToken: 'job-token', env: {} },
    },
    ({ type, data }) => {
      if (type === 'tool.returned') copies.push(copySession(placeOf(other), { ...aim, toolId: data.id }));
    },
    new AbortController().signal,
  );
  const second = (await copies[0]) ?? Buffer.alloc(0);
  const [transcript = ''] = execFileSync('tar', ['-xzOf', '-'], { input: second }).toString().split('\0');
  for (const told of [aim.toolId, 'echo two']) expect(transcript).toContain(told);
  expect(end).toMatchObject({ kind: 'succeeded', result: { sessionId: aim.sessionId } });
});

test('a session that is not there is refused, and the next turn is one of a session of its own', async () => {
  await using one = await warmStable({ limits: { resumeMs: 30_000 } });
  const unknown = '11111111-2222-4333-8444-555555555555';
  await expect(one.engine.resume(unknown, {})).rejects.toMatchObject({ code: 'engine.start_failed' });
  expect((await one.run(script({ text: 'all the same' }))).end).toMatchObject({ result: { text: 'all the same' } });
});

test('a transcript that does not tell of the last tool, or not yet of its result, is not copied', async () => {
  await using one = await warmStable();
  const { sessionId, toolId } = await work(one);
  const refused = { code: 'engine.crashed' };
  await expect(copySession(placeOf(one), { sessionId, toolId: 'toolu_never' })).rejects.toMatchObject(refused);
  const projects = join(one.home, '.claude', 'projects');
  const [name = ''] = (await readdir(projects, { recursive: true })).filter((path) => path.endsWith('.jsonl'));
  const file = join(projects, name);
  const lines = (await readFile(file, 'utf8')).split('\n');
  const told = lines.findIndex((line) => line.includes('tool_result'));
  await writeFile(file, lines.slice(0, told).join('\n'));
  expect(lines.slice(0, told).join('\n')).toContain(toolId);
  await expect(copySession(placeOf(one), { sessionId, toolId })).rejects.toMatchObject(refused);
});

test('a transcript that is written to while it is copied is copied as far as it went', async () => {
  await using one = await stable();
  await mkdir(one.workspace, { recursive: true });
  const name = (await realpath(one.workspace)).replace(/[^A-Za-z0-9]/g, '-');
  const folder = join(one.home, '.claude', 'projects', name);
  await mkdir(folder, { recursive: true });
  const told = `{"tool_use_id":"toolu_1"}\n${randomBytes(6_000_000).toString('hex')}\n`;
  await writeFile(join(folder, 's-1.jsonl'), told);
  const writer = spawn('/bin/sh', ['-c', 'while :; do echo {}; done >> "$0"', join(folder, 's-1.jsonl')]);
  try {
    await once(writer, 'spawn');
    const copy = (await copySession(placeOf(one), { sessionId: 's-1', toolId: 'toolu_1' })) ?? Buffer.alloc(0);
    const copied = execFileSync('tar', ['-xzOf', '-'], { input: copy, maxBuffer: 1e9 }).toString();
    expect(copied.startsWith(told)).toBe(true);
  } finally {
    writer.kill('SIGKILL');
  }
});

test('what is no archive is refused, and so is one that is cut off', async () => {
  await using one = await stable();
  await mkdir(one.workspace, { recursive: true });
  await writeFile(join(one.workspace, 'a'), Buffer.alloc(200_000, 'x'));
  const whole = await all(copyWorkspace(placeOf(one)));
  for (const content of [Buffer.from('no archive'), whole.subarray(0, whole.length - 20)])
    await expect(pasteWorkspace(placeOf(one), bytes(content))).rejects.toMatchObject({ code: 'workspace.failed' });
});

test('what can not be read is not left out silently', async () => {
  if (process.getuid?.() === 0) return;
  await using one = await stable();
  await mkdir(one.workspace, { recursive: true });
  await writeFile(join(one.workspace, 'closed'), 'x');
  await chmod(join(one.workspace, 'closed'), 0);
  await expect(all(copyWorkspace(placeOf(one)))).rejects.toMatchObject({ code: 'workspace.failed' });
});

test('an archive that would lead out of the workspace writes nothing there', async () => {
  await using one = await stable();
  await mkdir(one.workspace, { recursive: true });
  const outside = join(one.workspace, '..', 'outside');
  const evil = join(one.workspace, '..', 'evil');
  for (const folder of [outside, evil]) await mkdir(folder);
  await symlink(outside, join(evil, 'link'));
  await writeFile(join(evil, 'payload'), 'x');
  const tar = (...args: readonly string[]): Buffer => execFileSync('tar', ['-C', evil, '-Pczf', '-', ...args]);
  const archives = [
    tar('--transform', 's#payload#../outside/dotted#', 'payload'),
    tar('--transform', `s#payload#${outside}/absolute#`, 'payload'),
    tar('--transform', 's#payload#link/through#', 'link', 'payload'),
  ];
  for (const archive of archives) await pasteWorkspace(placeOf(one), bytes(archive)).catch(() => undefined);
  expect(await readdir(outside)).toEqual([]);
  expect(await readFile(join(evil, 'payload'), 'utf8')).toBe('x');
});
