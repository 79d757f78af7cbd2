import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bridgeRefusal, bridgeTokenHeader, idleToken } from '@remuda/protocol';
import { script } from '@remuda/scripted-model';
import { expect, test } from 'vitest';
import { startClaude, type ClaudeProcess } from './claude-process.js';
import { runBridge } from './running-bridge.js';

const job = { job: 'job-1', worker: 'w-1', lease: 1 };

async function warm(claude: ClaudeProcess): Promise<void> {
  await claude.control({ subtype: 'initialize' });
  await claude.control({ subtype: 'get_context_usage' });
}

const claim = (claude: ClaudeProcess, token: string) => {
  const env = { ANTHROPIC_CUSTOM_HEADERS: `${bridgeTokenHeader}: ${token}` };
  return claude.control({ subtype: 'apply_flag_settings', settings: { env } });
};

test('Claude Code gets warm without one request to the model, and from the claim on is served', async () => {
  await using run = await runBridge();
  await using claude = startClaude(run.bridge.addresses.model, run.folder);
  await warm(claude);
  expect(run.model.requests).toEqual([]);
  const { refused, constants } = await figures(run.bridge.addresses.adminUrl);
  expect(refused).toBe(0);
  expect(constants).toBeGreaterThan(0);
  await run.grant('live-token', job);
  await claim(claude, 'live-token');
  const result = await claude.turn(
    script({ tools: [{ name: 'Bash', input: { command: 'echo hi' } }] }, { text: 'done' }),
  );
  expect(result).toMatchObject({ subtype: 'success', is_error: false, result: 'done' });
  expect(run.model.requests.every((request) => request.key !== idleToken)).toBe(true);
  const main = run.model.requests.filter((request) => request.main).length;
  expect(main).toBe(2);
  const all = run.model.requests.filter((r) => r.kind === 'messages').length;
  await expect.poll(async () => Number((await run.counted('job-1'))['requests']), { timeout: 10_000 }).toBe(all);
});

test('Claude Code gives up at once when the budget is spent, and its result says why', async () => {
  await using run = await runBridge();
  await using claude = startClaude(run.bridge.addresses.model, run.folder);
  await warm(claude);
  await run.grant('live-token', { ...job, maxBudgetUsd: 1 });
  await claim(claude, 'live-token');
  const tools = [{ name: 'Bash', input: { command: 'true' } }];
  const result = await claude.turn(script({ tools, usage: { input_tokens: 1_000_000 } }, { text: 'never' }));
  expect(result).toMatchObject({ is_error: true, api_error_status: 402 });
  expect(result['result']).toContain(bridgeRefusal.budget);
  expect(claude.lines.filter((line) => line['subtype'] === 'api_retry')).toEqual([]);
  const counted = { requests: '1', refused: '1' };
  await expect.poll(() => run.counted('job-1'), { timeout: 10_000 }).toMatchObject(counted);
});

test('Claude Code and its helpers keep to the models of the grant; what a subagent asks for beyond them is refused', async () => {
  await using run = await runBridge();
  await using claude = startClaude(run.bridge.addresses.model, run.folder);
  await warm(claude);
  await run.grant('live-token', { ...job, models: ['claude-sonnet-4-5', 'haiku'], maxBudgetUsd: 100 });
  await claim(claude, 'live-token');
  const agent = (more: object) => ({
    tools: [
      { name: 'Agent', input: { description: 'd', prompt: 'say ok', subagent_type: 'general-purpose', ...more } },
    ],
  });
  const result = await claude.turn(
    script(agent({}), agent({ model: 'haiku' }), agent({ model: 'opus' }), { text: 'done' }),
  );
  expect(result).toMatchObject({ subtype: 'success', is_error: false, result: 'done' });
  const asked = new Set(run.model.requests.flatMap(({ kind, body }) => (kind === 'messages' ? [body?.model] : [])));
  expect(asked).toEqual(new Set(['claude-sonnet-4-5', 'claude-haiku-5-5']));
  expect(JSON.stringify(claude.lines)).toContain(bridgeRefusal.model);
  await expect.poll(() => run.counted('job-1'), { timeout: 10_000 }).toMatchObject({ refused: '1' });
});

test('nothing of Claude Code’s usual work is refused, with any model; its search of the web is, and its turn goes on', async () => {
  await using run = await runBridge();
  await using claude = startClaude(run.bridge.addresses.model, run.folder);
  await warm(claude);
  await run.grant('live-token', { ...job, models: ['haiku', 'sonnet', 'opus', 'fable'] });
  await claim(claude, 'live-token');
  const tool = (name: string, input: object) => ({ tools: [{ name, input: input as Record<string, unknown> }] });
  const read = (name: string) => tool('Read', { file_path: join(run.folder, name) });
  await writeFile(join(run.folder, 'a.png'), Buffer.from(png, 'base64'));
  await writeFile(join(run.folder, 'a.pdf'), pdf);
  const work = [tool('Bash', { command: 'true' }), read('a.png'), read('a.pdf'), tool('Agent', agent)];
  const contentRefusals = async () => (await figures(run.bridge.addresses.adminUrl)).content;
  for (const model of ['claude-sonnet-4-5', 'claude-opus-4-8[1m]', 'claude-fable-5', 'haiku']) {
    await claude.control({ subtype: 'set_model', model });
    expect(await claude.turn(script(...work, { text: 'done' }))).toMatchObject({ is_error: false, result: 'done' });
    expect(await claude.turn('/compact')).toMatchObject({ is_error: false });
  }
  const sent = JSON.stringify(run.model.requests.map(({ body }) => body));
  for (const part of ['"type":"image"', '"type":"document"', '"role":"system"']) expect(sent).toContain(part);
  expect(await contentRefusals()).toBe(0);
  await claude.control({ subtype: 'apply_flag_settings', settings: { permissions: { allow: ['WebSearch'] } } });
  const searched = await claude.turn(script(tool('WebSearch', { query: 'cats' }), { text: 'done' }));
  expect(searched).toMatchObject({ is_error: false, result: 'done' });
  expect(claude.lines.some((line) => JSON.stringify(line).includes(bridgeRefusal.content))).toBe(true);
  expect(await contentRefusals()).toBe(1);
});

const agent = { description: 'd', prompt: 'say ok', subagent_type: 'Explore' };
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const pdf = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 3 3]>>endobj
trailer<</Root 1 0 R>>`;

test('Claude Code does not try again with a token that has ended', async () => {
  await using run = await runBridge();
  await using claude = startClaude(run.bridge.addresses.model, run.folder);
  await warm(claude);
  const result = await claude.turn('anything');
  expect(result).toMatchObject({ is_error: true, api_error_status: 401 });
  expect(claude.lines.filter((line) => line['subtype'] === 'api_retry')).toEqual([]);
  expect(run.model.requests).toEqual([]);
});

async function figures(adminUrl: string): Promise<{ refused: number; content: number; constants: number }> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const sum = (name: string): number =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\d+)$`, 'gm'))].reduce((all, [, n]) => all + Number(n), 0);
  const [, content = '0'] = /^remuda_bridge_refused_total\{[^}]*reason="content"[^}]*\} (\d+)$/m.exec(text) ?? [];
  const constants = sum('remuda_bridge_idle_answers_total');
  return { refused: sum('remuda_bridge_refused_total'), content: Number(content), constants };
}
