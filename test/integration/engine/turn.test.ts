import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bridgeTokenHeader } from '@remuda/protocol';
import { script, type ModelRequest } from '@remuda/scripted-model';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bash, dataOf, typesOf, warmStable, type Stabled } from './stable.js';
import { mainVersion } from './versions.js';

const tokenOf = (request: ModelRequest): unknown => request.headers[bridgeTokenHeader];

describe('a turn on a warm engine', () => {
  let one: Stabled;
  beforeAll(async () => {
    one = await warmStable();
  });
  afterEach(async () => {
    await one.engine.reset();
    one.model.reset();
  });
  afterAll(() => one[Symbol.asyncDispose]());

  it('lets Write and Bash really work in the workspace, and tells every step', async () => {
    const write = { name: 'Write', input: { file_path: join(one.workspace, 'made.txt'), content: 'made\n' } };
    const prompt = script({ thinking: 'hm', text: 'I write.', tools: [write] }, bash('cat made.txt; pwd'), {
      text: 'Done.',
    });
    const { end, events } = await one.run(prompt);
    expect(await readFile(join(one.workspace, 'made.txt'), 'utf8')).toBe('made\n');
    expect(typesOf(events)).toEqual([
      'session.started',
      ...['message.thinking', 'message.text', 'tool.called', 'tool.returned'],
      ...['tool.called', 'tool.returned'],
      ...['message.text', 'turn.ended'],
    ]);
    expect(dataOf(events, 'tool.returned')[1]).toMatchObject({ ok: true, output: `made\n${one.workspace}` });
    expect(dataOf(events, 'session.started')[0]?.version).toBe(mainVersion.version);
    expect(one.engine.version).toBe(mainVersion.version);
    expect(end).toMatchObject({
      kind: 'succeeded',
      result: { text: 'Done.', turns: 3, usage: { inputTokens: 30, outputTokens: 15 } },
    });
  });

  it('shows the job its own credential, and nothing of it afterwards', async () => {
    await one.run(script({ text: 'hi' }), { bridgeToken: 'token-of-a-job' });
    const shown = (kind: string) => one.model.requests.filter((request) => request.kind === kind).map(tokenOf);
    expect(shown('messages')).toEqual(['token-of-a-job']);
    one.model.reset();
    await one.engine.reset();
    expect(shown('count_tokens')).not.toEqual([]);
    expect(one.model.requests.map(tokenOf)).not.toContain('token-of-a-job');
  });

  it('begins every turn with a fresh context, and costs only its own', async () => {
    const first = await one.run(`remember: walrus ${script({ text: 'a' })}`);
    await one.engine.reset();
    const second = await one.run(`what was it? ${script({ text: 'b' })}`);
    expect(JSON.stringify(one.model.lastMain)).not.toContain('walrus');
    expect(second.end.kind).toBe('succeeded');
    expect(second.end.result!.costUsd).toBeCloseTo(first.end.result!.costUsd, 9);
    expect(second.end.result!.sessionId).not.toBe(first.end.result!.sessionId);
  });

  it('gives the text as it comes when deltas are wanted, and only then', async () => {
    const prompt = script({ text: 'three short words', chunkMs: 5 });
    const withDeltas = await one.run(prompt, { deltas: true });
    expect(
      dataOf(withDeltas.events, 'message.delta')
        .map((delta) => delta.text)
        .join(''),
    ).toBe('three short words');
    await one.engine.reset();
    expect(typesOf((await one.run(prompt)).events)).not.toContain('message.delta');
  });

  it.each(['/clear', '/nonsense at all', '/tmp/path is a path', '/clear\nall caches'])(
    'hands the prompt %j to the model, and nothing of a command',
    async (prompt) => {
      const { end } = await one.run(prompt);
      expect(end.kind).toBe('succeeded');
      const messages = one.model.lastMain?.messages ?? [];
      const texts = messages.flatMap(({ content }) =>
        typeof content === 'string' ? [content] : content.map(({ text }) => text),
      );
      expect(texts.join('')).toMatch(new RegExp(`${prompt}$`));
      expect(texts.join('')).not.toContain('<command-name>');
    },
  );

  it('takes a prompt of 8 MB', async () => {
    const { end } = await one.run(`${'word '.repeat(1_600_000)} ${script({ text: 'read' })}`);
    expect(end).toMatchObject({ kind: 'succeeded', result: { text: 'read' } });
  });

  it('uses the model, the mode, the rules and the environment of the job, and none of them for the next one', async () => {
    const over = {
      model: 'claude-haiku-4-5',
      permissionMode: 'default',
      tools: { allow: ['Bash(printenv *)'], deny: ['Bash(echo denied*)'] },
      env: { JOB_WORD: 'bear' },
    } as const;
    const steps = script(bash('echo denied at all'), bash('printenv JOB_WORD'), { text: 'ok' });
    const first = await one.run(steps, over);
    expect(one.model.lastMain?.model).toBe('claude-haiku-4-5');
    expect(dataOf(first.events, 'tool.returned').map((data) => data.ok)).toEqual([false, true]);
    expect(dataOf(first.events, 'tool.returned')[1]?.output).toBe('bear');
    expect(dataOf(first.events, 'tool.denied')).toMatchObject([{ name: 'Bash' }]);
    await one.engine.reset();
    const second = await one.run(
      script(bash('echo denied at all'), bash('echo "[$JOB_WORD]"; touch x'), { text: 'ok' }),
    );
    expect(one.model.lastMain?.model).toBe('claude-sonnet-4-5');
    expect(dataOf(second.events, 'tool.returned').map((data) => data.output)).toEqual(['denied at all', '[]']);
  });

  it('ends a job that used up its turns, with what it had so far', async () => {
    const more = Array.from({ length: 20 }, () => bash('echo more'));
    const { end } = await one.run(
      script({ text: 'one', ...bash('echo 1') }, { text: 'two', ...bash('echo 2') }, ...more, { text: 'never' }),
      { maxTurns: 2 },
    );
    expect(end).toMatchObject({ kind: 'failed', failure: { code: 'turns.exhausted' } });
    // The interrupt follows the last tool's result; on a busy machine the next request may be on its way by then.
    expect([2, 3]).toContain(end.result?.turns);
  });

  it('keeps its own settings and the model credential from the tools', async () => {
    const { events } = await one.run(script(bash('env; bash -c env; env | grep -c PATH'), { text: 'ok' }));
    const output = dataOf(events, 'tool.returned')[0]!.output;
    expect(output).not.toMatch(/^(ANTHROPIC_|CLAUDE_CODE_DISABLE|REMUDA_(?!SCOPE)|VITEST)/m);
    expect(output).toMatch(/^REMUDA_SCOPE=/m);
  });

  it.each(['ANTHROPIC_BASE_URL', 'CLAUDE_CODE_MAX_RETRIES', 'REMUDA_SCOPE'])(
    'refuses a job that sets %s',
    async (name) => {
      const { end } = await one.run('hi', { env: { [name]: 'x' } });
      expect(end).toMatchObject({ kind: 'failed', failure: { code: 'job.impossible' } });
      expect(one.model.requests).toEqual([]);
    },
  );
});
