import { describe, expect, it } from 'vitest';
import type { CliResult } from '../stream/cli-message.js';
import { resultForm } from '../result/result-form.js';
import { turnEnd, type TurnSeen } from './turn-end.js';

const seen = (over: Partial<TurnSeen>): TurnSeen => ({
  lastLines: [],
  lastText: '',
  answers: 1,
  costBeforeUsd: 0,
  ...over,
});
const failing = (over: Partial<CliResult>): CliResult => ({
  type: 'result',
  subtype: 'success',
  is_error: true,
  ...over,
});
const done: CliResult = {
  type: 'result',
  subtype: 'success',
  is_error: false,
  result: 'done',
  total_cost_usd: 0.5,
  usage: { input_tokens: 1, output_tokens: 2, cache_read_input_tokens: 3, cache_creation_input_tokens: 4 },
};

describe('turnEnd', () => {
  it('gives text, usage and the turn’s own share of the cost', () => {
    expect(turnEnd(seen({ result: done, costBeforeUsd: 0.2, answers: 3, sessionId: 's' }))).toEqual({
      kind: 'succeeded',
      result: {
        text: 'done',
        turns: 3,
        usage: { inputTokens: 1, outputTokens: 2, cacheReadTokens: 3, cacheWriteTokens: 4 },
        costUsd: 0.3,
        sessionId: 's',
      },
    });
  });

  it.each([
    ['interrupted', 'interrupted'],
    ['authentication', 'model.authentication'],
    ['idle', 'engine.hung'],
    ['looping', 'job.looping'],
    ['unresponsive', 'engine.unresponsive'],
  ] as const)('names %s as the reason, whatever the result then says', (stop, name) => {
    const end = turnEnd(seen({ stop, result: done }));
    expect(end.kind === 'failed' ? end.failure.code : end.kind).toBe(name);
  });

  it('takes an end without a result for a crash, with the last lines', () => {
    const end = turnEnd(seen({ exit: 'Claude Code ended with SIGKILL.', lastLines: ['oops'], answers: 0 }));
    expect(end).toEqual({
      kind: 'failed',
      failure: { code: 'engine.crashed', message: 'Claude Code ended with SIGKILL.', lastLines: ['oops'] },
    });
  });

  it.each([
    ['model.authentication', failing({ api_error_status: 401 }), undefined],
    ['model.authentication', failing({ result: 'Not logged in' }), 'authentication_failed'],
    ['model.billing', failing({ api_error_status: 400 }), 'billing_error'],
    ['model.rate_limited', failing({ api_error_status: 429 }), 'rate_limit'],
    ['model.overloaded', failing({ api_error_status: 529 }), 'server_error'],
    ['model.overloaded', failing({ api_error_status: null, result: 'API Error: Overloaded' }), 'unknown'],
    ['model.overloaded', failing({ api_error_status: 502 }), 'server_error'],
    [
      'model.overloaded',
      failing({
        api_error_status: null,
        result: 'API Error: Server error mid-response. The response above may be incomplete.',
      }),
      'server_error',
    ],
    [
      'model.unreachable',
      failing({ api_error_status: null, result: 'Unable to connect to API (ConnectionRefused)' }),
      'server_error',
    ],
    ['model.unreachable', failing({ api_error_status: null, result: 'Request timed out' }), 'server_error'],
    ['model.invalid_request', failing({ api_error_status: 404 }), 'model_not_found'],
    ['model.invalid_request', failing({ api_error_status: 413 }), 'unknown'],
    ['model.refused', failing({ stop_reason: 'refusal' }), 'invalid_request'],
    [
      'budget.exhausted',
      failing({ api_error_status: 402, result: 'API Error: 402 remuda.budget_exhausted' }),
      'billing_error',
    ],
    [
      'model.invalid_request',
      failing({ api_error_status: 403, result: 'remuda.model_not_allowed' }),
      'authentication_failed',
    ],
    ['turns.exhausted', failing({ subtype: 'error_max_turns' }), undefined],
    [
      'engine.session_broken',
      failing({ api_error_status: 400, result: 'API Error: 400 due to tool use concurrency issues.' }),
      'invalid_request',
    ],
    [
      'engine.session_broken',
      failing({
        api_error_status: 400,
        result: 'API Error: 400 messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_x.',
      }),
      'unknown',
    ],
    [
      'engine.session_broken',
      failing({ api_error_status: 400, result: 'API Error: 400 orphaned tool_result in conversation history.' }),
      'invalid_request',
    ],
    ['model.invalid_request', failing({ api_error_status: 400, result: 'API Error: 400 tool_use is odd' }), 'unknown'],
    ['result.schema_mismatch', failing({ subtype: 'error_max_structured_output_retries' }), undefined],
    ['engine.crashed', failing({ subtype: 'error_during_execution', errors: ['[ede_diagnostic] odd'] }), undefined],
  ])('says %s', (code, result, apiError) => {
    const end = turnEnd(seen({ result, ...(apiError === undefined ? {} : { apiError }) }));
    expect(end).toMatchObject({ kind: 'failed', failure: { code } });
  });

  it('says of a process that ended without a result what ended it', () => {
    const exit = 'It ended.';
    expect(turnEnd(seen({ exit }))).toMatchObject({ failure: { code: 'engine.crashed', message: exit } });
    const endCode = 'engine.out_of_memory';
    expect(turnEnd(seen({ exit, endCode }))).toMatchObject({ failure: { code: endCode, message: exit } });
    expect(turnEnd(seen({ exit, endCode, stop: 'interrupted' }))).toMatchObject({ kind: 'interrupted' });
  });

  describe('with a schema', () => {
    const form = resultForm({ type: 'object', required: ['a'] });
    it('wants a structured result that fits', () => {
      expect(turnEnd(seen({ form, result: { ...done, structured_output: { a: 1 } } }))).toMatchObject({
        kind: 'succeeded',
        result: { structured: { a: 1 } },
      });
      for (const structured_output of [undefined, {}, null])
        expect(turnEnd(seen({ form, result: { ...done, structured_output } }))).toMatchObject({
          kind: 'failed',
          failure: { code: 'result.schema_mismatch' },
        });
    });

    it('takes a value that is no object out of what it was asked for in', () => {
      const structured_output = { result: ['x'] };
      const result = { ...done, structured_output, result: JSON.stringify(structured_output) };
      expect(turnEnd(seen({ form: resultForm({ type: 'array' }), result }))).toMatchObject({
        kind: 'succeeded',
        result: { structured: ['x'], text: '["x"]' },
      });
    });

    it('counts a result that was given before its turns were used up', () => {
      const stop = 'turns';
      const given = { output: { a: 1 } };
      const broken = failing({ subtype: 'error_during_execution' });
      for (const result of [broken, { ...done, structured_output: given.output }])
        expect(turnEnd(seen({ form, stop, given, result }))).toMatchObject({
          kind: 'succeeded',
          result: { structured: { a: 1 } },
        });
      expect(turnEnd(seen({ form, stop, given: { output: {} }, result: broken }))).toMatchObject({ kind: 'failed' });
      expect(turnEnd(seen({ form, stop, result: broken }))).toMatchObject({ kind: 'failed' });
    });
  });

  it('counts an answer that was there before the turn was ended, unless a client ended it', () => {
    expect(turnEnd(seen({ stop: 'turns', result: done }))).toMatchObject({ kind: 'succeeded' });
    expect(turnEnd(seen({ stop: 'interrupted', result: done }))).toMatchObject({ kind: 'interrupted' });
    expect(turnEnd(seen({ stop: 'turns', result: failing({}) }))).toMatchObject({
      failure: { code: 'turns.exhausted' },
    });
  });
});
