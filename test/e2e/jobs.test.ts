import { execFileSync } from 'node:child_process';
import { script } from '@remuda/scripted-model';
import type { JobEvent } from '@remuda/domain';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RuntimeKind } from '../../apps/local/src/cluster/runtime-choice.js';
import { waysNow, type Way } from '../proof-size.js';
import { hasEngine, startCluster, type TestCluster } from './harness/cluster.js';
import { serveRepository } from './harness/git-server.js';

const bash = (command: string) => ({ tools: [{ name: 'Bash', input: { command, description: 'a command' } }] });

const ways: readonly (Way & { readonly runtime: RuntimeKind })[] = [
  { runtime: 'docker', there: hasEngine },
  { runtime: 'process', there: true },
];

describe.each(waysNow(ways))('a job with workers as $runtime', ({ runtime, there }) => {
  let cluster: TestCluster;
  beforeAll(async () => {
    if (there) cluster = await startCluster({ runtime, warm: 2 });
  });
  afterAll(async () => {
    if (there) await cluster.stop();
  });

  async function eventsOf(id: string): Promise<readonly JobEvent[]> {
    const events: JobEvent[] = [];
    for await (const event of cluster.api.events(id)) events.push(event);
    return events;
  }

  /** What the tools of a job gave back, in their order. */
  async function outputsOf(id: string): Promise<readonly string[]> {
    return (await eventsOf(id)).flatMap((event) => (event.type === 'tool.returned' ? [event.data.output] : []));
  }

  test.skipIf(!there)('a warm pool asks the model for nothing', () => {
    expect(cluster.model.requests).toEqual([]);
  });

  test.skipIf(!there)('its tools really run: Write makes the file, and Bash reads it', async () => {
    const id = await cluster.api.submit({
      prompt: script(
        { tools: [{ name: 'Write', input: { file_path: 'made.txt', content: 'by a tool\n' } }] },
        bash('cat made.txt; id -un; env | grep -cE "^(ANTHROPIC|CLAUDE_CODE_OAUTH|REMUDA_REDIS)" || true'),
        { text: 'made' },
      ),
    });
    const [, read] = await outputsOf(id);
    expect(read).toContain('by a tool');
    expect(read?.trim().endsWith('\n0')).toBe(true);
    if (runtime === 'docker') expect(read).toContain('claude');
    expect(await cluster.api.result(id)).toMatchObject({ state: 'succeeded', text: 'made', turns: 3 });
  });

  test.skipIf(!there)('the second one on the same pool starts warm', async () => {
    const first = await cluster.api.submit({ prompt: script({ text: 'one' }) });
    await cluster.api.over(first);
    await cluster.api.warm('default', 1, AbortSignal.timeout(30_000));
    const second = await cluster.api.submit({ prompt: script({ text: 'two' }) });
    expect(await cluster.api.over(second)).toMatchObject({ state: 'succeeded', start: { kind: 'warm' } });
  });

  test.skipIf(!there)('the patch of a git workspace comes back and applies', async () => {
    await using origin = await serveRepository({ 'a.txt': 'old\n', 'CLAUDE.md': 'House rule 4711.\n' });
    const id = await cluster.api.submit({
      prompt: script(
        bash('echo new > a.txt && echo more > b.txt && git add -A && git commit -qm "change a" && echo x >> b.txt'),
        {
          text: 'changed',
        },
      ),
      workspace: { kind: 'git', url: origin.url },
    });
    const events = await eventsOf(id);
    const result = await cluster.api.result(id);
    expect(result, JSON.stringify(events)).toMatchObject({
      state: 'succeeded',
      git: { branch: 'main', base: origin.head, filesChanged: 2, commits: [{ subject: 'change a' }] },
    });
    const clone = await origin.clone();
    execFileSync('git', ['apply', '-'], { cwd: clone, input: result.git?.patch });
    expect(execFileSync('cat', ['a.txt', 'b.txt'], { cwd: clone }).toString()).toBe('new\nmore\nx\n');
    expect(JSON.stringify(cluster.model.requests.at(-1)?.body)).toContain('House rule 4711.');
  });

  test.skipIf(!there)('a structured result is valid, and one that is not fails the job', async () => {
    const outputSchema = {
      type: 'object',
      properties: { n: { type: 'integer' } },
      required: ['n'],
      additionalProperties: false,
    };
    const good = await cluster.api.submit({
      prompt: script({ tools: [{ name: 'StructuredOutput', input: { n: 7 } }] }, { text: 'done' }),
      outputSchema,
    });
    expect(await cluster.api.over(good)).toMatchObject({
      state: 'succeeded',
      start: { kind: 'cold', reason: 'own_schema' },
    });
    expect(await cluster.api.result(good)).toMatchObject({ structured: { n: 7 } });
    const without = await cluster.api.submit({ prompt: script({ text: 'no structure' }), outputSchema, attempts: 1 });
    expect(await cluster.api.over(without)).toMatchObject({
      state: 'failed',
      failure: { code: 'result.schema_mismatch' },
    });
  });

  test.skipIf(!there)('a cancel ends a running tool long before its end', async () => {
    const id = await cluster.api.submit({ prompt: script(bash('sleep 60'), { text: 'never' }) });
    let asked = 0;
    for await (const event of cluster.api.events(id)) {
      if (event.type === 'tool.called') {
        asked = Date.now();
        await cluster.api.cancel(id);
      }
      if (event.type === 'job.over') expect(event.at - asked).toBeLessThan(30_000);
    }
    expect(await cluster.api.job(id)).toMatchObject({ state: 'cancelled' });
  });

  test.skipIf(!there)('its budget holds: the request after the one that spent it is refused', async () => {
    const id = await cluster.api.submit({
      prompt: script({ ...bash('true'), usage: { input_tokens: 2_000_000, output_tokens: 10 } }, { text: 'too much' }),
      maxBudgetUsd: 1,
    });
    expect(await cluster.api.over(id)).toMatchObject({ state: 'failed', failure: { code: 'budget.exhausted' } });
  });

  test.skipIf(!there)('its turns are limited', async () => {
    const id = await cluster.api.submit({
      prompt: script(...Array.from({ length: 20 }, () => bash('true')), { text: 'x' }),
      maxTurns: 2,
    });
    expect(await cluster.api.over(id)).toMatchObject({ state: 'failed', failure: { code: 'turns.exhausted' } });
  });

  test.skipIf(!there)('its own deadline ends it', async () => {
    const id = await cluster.api.submit({
      prompt: script(bash('sleep 60'), { text: 'x' }),
      timeoutMs: 1_500,
      attempts: 1,
    });
    expect(await cluster.api.over(id)).toMatchObject({ state: 'failed', failure: { code: 'job.timed_out' } });
  });

  test.skipIf(!there)('token deltas come when they are asked for, and only then', async () => {
    const prompt = script({ text: 'one two three' });
    const withDeltas = await eventsOf(await cluster.api.submit({ prompt, deltas: true }));
    const without = await eventsOf(await cluster.api.submit({ prompt }));
    const deltas = withDeltas.flatMap((event) => (event.type === 'message.delta' ? [event.data.text] : []));
    expect(deltas.join('')).toBe('one two three');
    expect(without.some((event) => event.type === 'message.delta')).toBe(false);
  });
});
