import { script, type Step } from '@remuda/scripted-model';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bash, dataOf, warmStable, type Stabled } from './stable.js';
import { isOlder } from './versions.js';

const error = (status: number, type: string, message = 'scripted', headers?: Record<string, string>): Step => ({
  error: { status, type, message, ...(headers ? { headers } : {}) },
});

describe('a turn whose model fails', () => {
  let one: Stabled;
  beforeAll(async () => {
    one = await warmStable();
  });
  afterEach(async () => {
    await one.engine.reset();
    one.model.reset();
  });
  afterAll(() => one[Symbol.asyncDispose]());

  it('goes on when the model was overloaded only once, and tells of it', async () => {
    one.model.queue(error(529, 'overloaded_error', 'Overloaded'));
    const { end, events } = await one.run(script({ text: 'at last' }));
    expect(end).toMatchObject({ kind: 'succeeded', result: { text: 'at last' } });
    expect(dataOf(events, 'model.retried')).toMatchObject([{ attempt: 1, status: 529, error: 'overloaded' }]);
  });

  it.each([
    ['model.overloaded', error(529, 'overloaded_error', 'Overloaded')],
    ['model.overloaded', error(500, 'api_error')],
    ['model.rate_limited', error(429, 'rate_limit_error', 'slow down', { 'x-should-retry': 'false' })],
    ['model.authentication', error(403, 'permission_error')],
    ['model.invalid_request', error(404, 'not_found_error')],
    ['model.invalid_request', error(400, 'invalid_request_error')],
    ['model.billing', error(400, 'invalid_request_error', 'Your credit balance is too low to access the API.')],
    ['model.overloaded', { text: 'beginning', streamError: { type: 'overloaded_error', message: 'Overloaded' } }],
    ['model.refused', { text: 'no', stopReason: 'refusal' }],
    ['budget.exhausted', error(400, 'invalid_request_error', 'remuda.budget_exhausted: the budget is spent')],
    ['model.authentication', error(401, 'authentication_error', 'remuda.token_ended', { 'x-should-retry': 'false' })],
  ] satisfies [string, Step][])('ends as %s', async (code, step) => {
    const { end, events } = await one.run(script(step));
    expect(end).toMatchObject({ kind: 'failed', failure: { code } });
    expect(dataOf(events, 'message.text').map((data) => data.text)).not.toContain(expect.stringContaining('API Error'));
  });

  it.skipIf(isOlder)('goes on where its answer was cut off, and counts and gives it as one', async () => {
    one.model.queue({ text: 'The beginning ', streamError: { type: 'overloaded_error', message: 'Overloaded' } });
    const { end } = await one.run(script({ text: 'and the rest.' }), { maxTurns: 1 });
    expect(end).toMatchObject({ kind: 'succeeded', result: { text: 'The beginning and the rest.', turns: 1 } });
  });

  it('ends at once when the credential is refused, not after minutes', async () => {
    const since = performance.now();
    const { end } = await one.run(script(error(401, 'authentication_error', 'invalid x-api-key')));
    expect(end).toMatchObject({ kind: 'failed', failure: { code: 'model.authentication' } });
    expect(performance.now() - since).toBeLessThan(20_000);
    expect(one.model.requests.filter((request) => request.main)).toHaveLength(1);
  });

  it('takes the answer in one piece when the stream is cut', async () => {
    const { end } = await one.run(script({ text: 'the whole answer', drop: true }));
    expect(end).toMatchObject({ kind: 'succeeded', result: { text: 'the whole answer' } });
  });

  it('keeps what was done before the fault', async () => {
    const { end } = await one.run(script({ text: 'I begin.', ...bash('echo 1') }, error(400, 'invalid_request_error')));
    expect(end).toMatchObject({ kind: 'failed', result: { text: 'I begin.', turns: 1, usage: { outputTokens: 5 } } });
  });
});

describe('a model that can’t be reached', () => {
  it('is a failure of its own', async () => {
    await using one = await warmStable();
    await one.model.close();
    expect((await one.run('hi')).end).toMatchObject({ kind: 'failed', failure: { code: 'model.unreachable' } });
  });

  it('or that falls silent, ends the turn', async () => {
    await using one = await warmStable();
    const { end } = await one.run(script({ text: 'two words', stallMs: 60_000 }), { idleTimeoutMs: 1_000 });
    expect(end).toMatchObject({ kind: 'failed', failure: { code: 'engine.hung' }, ended: { processesLeft: 0 } });
  });
});
