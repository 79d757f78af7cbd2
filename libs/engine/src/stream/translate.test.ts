import { describe, expect, it } from 'vitest';
import type { CliMessage } from './cli-message.js';
import { translate } from './translate.js';

const told = (message: CliMessage, deltas = false) => translate(message, { at: 7, deltas });
const delta = (over: object = {}): CliMessage => ({
  type: 'stream_event',
  event: { type: 'content_block_delta', delta: { type: 'text_delta', text: 'a' } },
  ...over,
});

describe('translate', () => {
  it('gives one event for each block of an answer', () => {
    const content = [
      { type: 'thinking', thinking: 'hm' },
      { type: 'text', text: 'hi' },
      { type: 'tool_use', id: 't1', name: 'Bash', input: { command: 'ls' } },
    ];
    expect(told({ type: 'assistant', message: { id: 'm', content } })).toEqual([
      { type: 'message.thinking', at: 7, data: { text: 'hm' } },
      { type: 'message.text', at: 7, data: { text: 'hi' } },
      { type: 'tool.called', at: 7, data: { id: 't1', name: 'Bash', input: { command: 'ls' } } },
    ]);
  });

  it('leaves out what Claude Code itself says of an API error', () => {
    const content = [{ type: 'text', text: 'API Error: 529' }];
    expect(told({ type: 'assistant', error: 'server_error', message: { content } })).toEqual([]);
  });

  it('tells of a subagent’s tools, not of its words', () => {
    const content = [
      { type: 'text', text: 'inner' },
      { type: 'tool_use', id: 't', name: 'Read', input: {} },
    ];
    const events = told({ type: 'assistant', parent_tool_use_id: 'task', message: { content } });
    expect(events.map((event) => event.type)).toEqual(['tool.called']);
    expect(told(delta({ parent_tool_use_id: 'task' }), true)).toEqual([]);
  });

  it('gives deltas only when they are wanted', () => {
    expect(told(delta(), true)).toEqual([{ type: 'message.delta', at: 7, data: { text: 'a' } }]);
    expect(told(delta(), false)).toEqual([]);
  });

  it('cuts a long output at 16 KiB, between characters', () => {
    const content = [{ type: 'tool_result', tool_use_id: 't', content: 'é'.repeat(10_000), is_error: true }];
    const [event] = told({ type: 'user', message: { content } });
    expect(event).toMatchObject({ data: { id: 't', ok: false, truncated: true, output: 'é'.repeat(8_192) } });
  });

  it('puts the parts of an output in one text', () => {
    const parts = [
      { type: 'text', text: 'a' },
      { type: 'image', source: {} },
    ];
    const [event] = told({
      type: 'user',
      message: { content: [{ type: 'tool_result', tool_use_id: 't', content: parts }] },
    });
    expect(event).toMatchObject({ data: { ok: true, output: 'a\n[image]' } });
  });

  it('tells of retries and denials', () => {
    const retry = {
      type: 'system',
      subtype: 'api_retry',
      attempt: 2,
      retry_delay_ms: 525.4,
      error_status: 529,
      error: 'overloaded',
    };
    expect(told(retry)).toEqual([
      { type: 'model.retried', at: 7, data: { attempt: 2, delayMs: 525, status: 529, error: 'overloaded' } },
    ]);
    expect(told({ ...retry, error_status: null })[0]?.data).not.toHaveProperty('status');
    const result = { type: 'result', permission_denials: [{ tool_name: 'Bash', tool_use_id: 't' }] };
    expect(told(result)).toEqual([{ type: 'tool.denied', at: 7, data: { id: 't', name: 'Bash' } }]);
  });

  it.each(['keep_alive', 'rate_limit_event', 'something new'])('says nothing of %s', (type) => {
    expect(told({ type }, true)).toEqual([]);
  });
});
