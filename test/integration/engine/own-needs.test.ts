import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { script, type Step } from '@remuda/scripted-model';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { claudes } from './process-table.js';
import { bash, dataOf, warmStable, type Stabled } from './stable.js';

const outputSchema = {
  type: 'object',
  properties: { legs: { type: 'integer' } },
  required: ['legs'],
  additionalProperties: false,
};
const structured = (input: Record<string, unknown>): Step => ({ tools: [{ name: 'StructuredOutput', input }] });

describe('a job with needs of its own', () => {
  let one: Stabled;
  beforeAll(async () => {
    one = await warmStable({ spare: 'bypassPermissions', profile: { appendSystemPrompt: 'PROFILE WORDS' } });
  });
  afterEach(async () => {
    await one.engine.reset();
    one.model.reset();
  });
  afterAll(() => one[Symbol.asyncDispose]());

  it('has its system prompt after the profile’s, and the next job has not', async () => {
    await one.engine.settled();
    expect(one.engine.readiness({ outputSchema })).toBe('primed');
    await one.run('hi', { appendSystemPrompt: 'JOB WORDS' });
    expect(JSON.stringify(one.model.lastMain?.system)).toMatch(/PROFILE WORDS[^]*JOB WORDS/);
    await one.engine.reset();
    await one.run('hi');
    expect(JSON.stringify(one.model.lastMain?.system)).not.toContain('JOB WORDS');
  });

  it('gives a structured result that fits its schema', async () => {
    const { end } = await one.run(script(structured({ legs: 4 }), { text: 'done' }), { outputSchema });
    expect(end).toMatchObject({ kind: 'succeeded', result: { structured: { legs: 4 } } });
  });

  it('fails when the model never gives a structured result', async () => {
    const { end } = await one.run(script({ text: 'four legs' }), { outputSchema });
    expect(end).toMatchObject({
      kind: 'failed',
      failure: { code: 'result.schema_mismatch' },
      result: { text: 'four legs' },
    });
  });

  it('fails when the structured result never fits', async () => {
    const { end } = await one.run(script(structured({ legs: 'four' })), { outputSchema });
    expect(end).toMatchObject({ kind: 'failed', failure: { code: 'result.schema_mismatch' } });
  });

  it('sees what was put into the workspace after it had become warm', async () => {
    await one.engine.settled();
    await writeFile(join(one.workspace, 'CLAUDE.md'), 'Mind the walrus rule.\n');
    await one.run('hi', { appendSystemPrompt: 'JOB WORDS', freshFiles: true });
    expect(JSON.stringify(one.model.lastMain?.messages)).toContain('Mind the walrus rule.');
    expect(JSON.stringify(one.model.lastMain?.system)).toContain('JOB WORDS');
  });

  it('leaves no process behind that is set up for it, and after a reset there is a new spare', async () => {
    await one.engine.settled();
    const before = claudes();
    await one.run('hi', { appendSystemPrompt: 'JOB WORDS' });
    expect(claudes()).toHaveLength(1);
    await one.engine.reset();
    await one.engine.settled();
    expect(claudes()).toHaveLength(2);
    expect(claudes().filter((pid) => before.includes(pid))).toEqual([]);
  });

  it('has no spare started for it while jobs follow on one another', async () => {
    await one.engine.reset();
    await one.run(script({ text: 'ok', delayMs: 3_000 }));
    expect(claudes()).toHaveLength(1);
  });

  it('finds a spare in its own permission mode, if that is the one to keep', async () => {
    one.engine.keepSpare('plan');
    await one.engine.settled();
    const [main, spare] = claudes();
    expect([main, spare]).not.toContain(undefined);
    expect(one.engine.readiness({ permissionMode: 'plan' })).toBe('primed');
    expect(one.engine.readiness({ outputSchema })).toBe('cold');
    const write = { tools: [{ name: 'Write', input: { file_path: join(one.workspace, 'x'), content: 'x' } }] };
    const { events } = await one.run(script(write, { text: 'ok' }), { permissionMode: 'plan' });
    expect(dataOf(events, 'tool.returned').map((data) => data.ok)).toEqual([false]);
    one.engine.keepSpare('bypassPermissions');
  });

  it('has to start its process where no spare is kept, and the one there was ends', async () => {
    await one.engine.settled();
    expect(claudes()).toHaveLength(2);
    one.engine.keepSpare(undefined);
    await expect.poll(() => claudes().length, { timeout: 10_000 }).toBe(1);
    await one.run('hi', { appendSystemPrompt: 'JOB WORDS' });
    expect(JSON.stringify(one.model.lastMain?.system)).toContain('JOB WORDS');
    one.engine.keepSpare('bypassPermissions');
  });

  it('may not write in plan mode, though its profile may do all', async () => {
    const write = { tools: [{ name: 'Write', input: { file_path: join(one.workspace, 'x'), content: 'x' } }] };
    const { events } = await one.run(script(write, bash('touch y'), { text: 'ok' }), { permissionMode: 'plan' });
    expect(dataOf(events, 'tool.returned').map((data) => data.ok)).toEqual([false, false]);
  });
});
