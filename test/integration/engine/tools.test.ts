import { toolRules } from '@remuda/engine';
import { script, type Step } from '@remuda/scripted-model';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dataOf, stable, warmStable, type Stabled } from './stable.js';
import { mainVersion } from './versions.js';

const offered = Object.keys(toolRules).filter((name) => toolRules[name]?.offered);
const leftOut = Object.keys(toolRules).filter((name) => !toolRules[name]?.offered);
const call = (name: string, input: Record<string, unknown> = {}): Step => ({ tools: [{ name, input }] });

describe(`the tools of a job with Claude Code ${mainVersion.version}`, () => {
  let one: Stabled;
  beforeAll(async () => {
    one = await warmStable();
  });
  afterEach(() => {
    one.model.reset();
  });
  afterAll(() => one[Symbol.asyncDispose]());

  it('are those that the table says are offered, and no other', async () => {
    const { events } = await one.run('hi', { outputSchema: { type: 'object' } });
    const { tools } = dataOf(events, 'session.started')[0]!;
    expect(tools.filter((name) => !offered.includes(name))).toEqual([]);
    expect(tools).toEqual(expect.arrayContaining(['Bash', 'Read', 'StructuredOutput']));
  });

  it.each(['plan', 'default', 'acceptEdits', 'dontAsk'] as const)(
    'are the same in the mode %s',
    async (permissionMode) => {
      await using other = await stable({ profile: { permissionMode } });
      await other.engine.warm();
      const { events } = await other.run('hi');
      const { tools } = dataOf(events, 'session.started')[0]!;
      expect(tools.filter((name) => !offered.includes(name))).toEqual([]);
    },
  );

  it('cannot be called when they are left out, which the model is told', async () => {
    const { end, events } = await one.run(
      script({ tools: leftOut.map((name) => ({ name, input: {} })) }, { text: 'done' }),
    );
    expect(end.kind).toBe('succeeded');
    const returned = dataOf(events, 'tool.returned');
    expect(returned).toHaveLength(leftOut.length);
    for (const { ok, output } of returned)
      expect({ ok, output }).toMatchObject({
        ok: false,
        output: expect.stringMatching(/No such tool|not enabled|disabled/),
      });
  });

  it('do not come back because a job allows them', async () => {
    const { events } = await one.run('hi', { tools: { allow: ['EnterWorktree', 'CronCreate'] } });
    expect(dataOf(events, 'session.started')[0]!.tools).not.toEqual(expect.arrayContaining(['EnterWorktree']));
  });

  it('do not include a worktree of its own for a subagent, with the reason', async () => {
    const input = { description: 'x', prompt: 'x', subagent_type: 'general-purpose', isolation: 'worktree' };
    const { events } = await one.run(script(call('Agent', input), { text: 'done' }));
    expect(dataOf(events, 'tool.returned')[0]).toMatchObject({
      ok: false,
      output: expect.stringContaining('not collected'),
    });
  });
});
