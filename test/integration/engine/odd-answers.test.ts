import { script } from '@remuda/scripted-model';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bash, dataOf, warmStable, type Stabled } from './stable.js';

let one: Stabled;
beforeAll(async () => {
  one = await warmStable();
});
afterEach(async () => {
  await one.engine.reset();
  one.model.reset();
});
afterAll(() => one[Symbol.asyncDispose]());

describe('a model that answers oddly', () => {
  it('is held to its turns though all its answers have the same id', async () => {
    const { end, events } = await one.run(script({ ...bash('true'), messageId: 'msg_same' }), { maxTurns: 2 });
    expect(end).toMatchObject({ kind: 'failed', failure: { code: 'turns.exhausted' } });
    // on a busy machine the next request may be on its way when the interrupt comes
    expect([2, 3]).toContain(end.result?.turns);
    expect(dataOf(events, 'tool.called').length).toBeLessThanOrEqual(3);
  });

  it('has its empty answer taken, with a warning', async () => {
    const { end, events } = await one.run(script({ text: '' }));
    expect(end).toMatchObject({ kind: 'succeeded', result: { warnings: [expect.stringContaining('empty')] } });
    expect(dataOf(events, 'attempt.warned')).toHaveLength(1);
  });

  it.each([
    '`tool_use` ids were found without `tool_result` blocks immediately after: toolu_1. Each `tool_use` block must have one.',
    'messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1.',
  ])('has the session taken for broken when it says: %s', async (message) => {
    const { end } = await one.run(script({ error: { status: 400, type: 'invalid_request_error', message } }));
    expect(end).toMatchObject({ kind: 'failed', failure: { code: 'engine.session_broken' } });
  });
});
