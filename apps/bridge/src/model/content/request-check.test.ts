import { serverTools, type ServerTool } from '@remuda/domain';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { requestFault } from './request-check.js';

const model = 'claude-sonnet-4-5';
const fault = (more: object, opened: readonly ServerTool[] = [], fields: readonly string[] = []) =>
  requestFault({ model, ...more }, { models: [model], serverTools: opened, betas: [], fields });

const user = (...content: unknown[]) => ({ messages: [{ role: 'user', content }] });
const png = { type: 'base64', media_type: 'image/png', data: 'aGk=' };
const url = { type: 'url', url: 'http://169.254.169.254/?secret' };

/** As Claude Code 2.1.197 and 2.1.332 send them, by recording. */
test.each([
  ['a text', { role: 'user', content: 'hi' }],
  ['text', { role: 'user', content: [{ type: 'text', text: 'hi', cache_control: { type: 'ephemeral', ttl: '1h' } }] }],
  ['an image', { role: 'user', content: [{ type: 'image', source: png }] }],
  ['a PDF', { role: 'user', content: [{ type: 'document', source: { ...png, media_type: 'application/pdf' } }] }],
  [
    'a call',
    { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'x', input: { source: url, tools: [1] } }] },
  ],
  [
    'results',
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 't', is_error: true, content: 'no' },
        {
          type: 'tool_result',
          tool_use_id: 't',
          content: [
            { type: 'image', source: png },
            { type: 'tool_reference', tool_name: 'WebFetch' },
          ],
        },
      ],
    },
  ],
  ['thinking', { role: 'assistant', content: [{ type: 'thinking', thinking: 'x', signature: 'y' }] }],
  ['a note of the system', { role: 'system', content: 'x', output_config: { effort: 'medium' } }],
  [
    'tools that come and go',
    {
      role: 'system',
      content: [
        { type: 'tool_addition', tool: { type: 'tool_definition', definition: { name: 'x', input_schema: {} } } },
        { type: 'tool_removal', tool: { type: 'tool_reference', name: 'x' } },
      ],
    },
  ],
])('passes a message with %s', (_what, message) => {
  expect(fault({ messages: [message] })).toBeUndefined();
});

test('passes what Claude Code asks for besides messages', () => {
  const asked = {
    system: [{ type: 'text', text: 's', cache_control: { type: 'ephemeral', scope: 'global' } }],
    tools: [{ name: 'Bash', description: 'd', input_schema: { type: 'object' }, defer_loading: true }],
    tool_choice: { type: 'tool', name: 'Bash' },
    metadata: { user_id: '{}' },
    thinking: { type: 'adaptive', display: 'updates' },
    context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
    output_config: { effort: 'high' },
    fallbacks: [{ model }],
    diagnostics: { previous_message_id: null },
    ...{ max_tokens: 32_000, temperature: 1, stream: true, speed: 'fast', service_tier: 'auto' },
  };
  expect(fault(asked)).toBeUndefined();
});

test.each<[string, object, ServerTool]>([
  ['MCP servers', { mcp_servers: [{ type: 'url', url: 'http://x', name: 'x' }] }, 'mcp'],
  ['tools of MCP servers', { tools: [{ type: 'mcp_toolset', mcp_server_name: 'x' }] }, 'mcp'],
  ['a search of the web', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'web_search'],
  ['a page from the web', { tools: [{ type: 'web_fetch_20260209', name: 'web_fetch' }] }, 'web_fetch'],
  ['code', { tools: [{ type: 'code_execution_20260120', name: 'code_execution' }] }, 'code_execution'],
  ['a container', { container: { skills: [] } }, 'code_execution'],
  ['advice', { tools: [{ type: 'advisor_20260301', name: 'advisor', model }] }, 'advisor'],
  ['an image by URL', user({ type: 'image', source: url }), 'urls'],
  ['a document by URL', user({ type: 'document', source: url }), 'urls'],
  ['a document of the account', user({ type: 'document', source: { type: 'file', file_id: 'f' } }), 'files'],
  ['an upload to a container', user({ type: 'container_upload', file_id: 'f' }), 'files'],
  ['an image by URL in a result', user({ type: 'tool_result', content: [{ type: 'image', source: url }] }), 'urls'],
  [
    'an image by URL in a document in a result',
    user({
      type: 'tool_result',
      content: [{ type: 'document', source: { type: 'content', content: [{ type: 'image', source: url }] } }],
    }),
    'urls',
  ],
  ['an image by URL in the system prompt', { system: [{ type: 'document', source: url }] }, 'urls'],
  [
    'a tool that comes later',
    user({ type: 'tool_addition', tool: { type: 'tool_definition', definition: { type: 'web_fetch_20260209' } } }),
    'web_fetch',
  ],
  ['a call that is to go on', user({ type: 'server_tool_use', name: 'web_search', input: {} }), 'web_search'],
  [
    'a page that was fetched',
    user({ type: 'web_fetch_tool_result', content: { type: 'web_fetch_result' } }),
    'web_fetch',
  ],
])('passes %s only where the profile opens it', (_what, more, opener) => {
  const closed = fault(
    more,
    serverTools.filter((tool) => tool !== opener),
  );
  expect(closed).toMatchObject({ kind: 'content' });
  expect(closed?.what).toContain(`\`${opener}\``);
  expect(fault(more, [opener])).toBeUndefined();
});

test.each<[string, object]>([
  ['an unknown field', { inference_geo: 'eu' }],
  ['a field in capitals', { Model: 'claude-opus-4-1' }],
  ['a field that is part of every object', { constructor: 1 }],
  ['a dearer tier', { service_tier: 'priority' }],
  ['an unknown speed', { speed: 'ludicrous' }],
  ['an answer without end', { max_tokens: -1 }],
  ['a half token', { max_tokens: 1.5 }],
  ['fallbacks with settings of their own', { fallbacks: [{ model, max_tokens: 9 }] }],
  ['the default fallbacks', { fallbacks: 'default' }],
  ['a tool of an unknown type', { tools: [{ type: 'teleport_20270101' }] }],
  ['a type that only looks like a known one', { tools: [{ type: 'bash_20250124\n' }] }],
  ['a list as the type', { tools: [{ type: ['custom'] }] }],
  ['tools that are no list', { tools: { 0: { type: 'web_search_20250305' } } }],
  ['messages that are no list', { messages: { 0: user({ type: 'image', source: url }).messages[0] } }],
  ['a block of an unknown type', user({ type: 'teleport' })],
  ['a block without a type', user({ source: url })],
  ['a source of an unknown type', user({ type: 'image', source: { type: 's3', uri: 'x' } })],
  ['a part that nobody knows', user({ type: 'text', text: 'x', image: { url: 'http://x' } })],
  ['a part of a message that nobody knows', { messages: [{ role: 'user', content: 'x', fetch: [url] }] }],
  ['a list in a list', user([{ type: 'image', source: url }])],
  ['a tool of unknown kind that comes later', user({ type: 'tool_addition', tool: { type: 'web_fetch_20260209' } })],
])('passes %s for nobody', (_what, more) => {
  expect(fault(more, serverTools)).toMatchObject({ kind: 'content' });
});

test.each<[string, object]>([
  ['another model', { model: 'claude-opus-4-1' }],
  ['no model', { model: undefined }],
  ['a list of models', { model: [model] }],
  ['a fallback to another model', { fallbacks: [{ model: 'claude-opus-4-1' }] }],
  ['advice of another model', { tools: [{ type: 'advisor_20260301', model: 'claude-opus-4-1' }] }],
])('finds %s', (_what, more) => {
  expect(fault(more, serverTools)).toMatchObject({ kind: 'model' });
});

test('a field that the operator opens is passed on unread', () => {
  expect(fault({ safeguards: [url] }, [], ['safeguards'])).toBeUndefined();
});

test('finds a source by URL wherever content can stand', () => {
  const wrap = fc.letrec<{ block: unknown }>((tie) => ({
    block: fc.oneof(
      { maxDepth: 8 },
      fc.constant({ type: 'image', source: url }),
      fc.record({ type: fc.constant('tool_result'), content: fc.tuple(fc.constant({ type: 'text' }), tie('block')) }),
      fc.record({ type: fc.constant('search_result'), content: fc.tuple(tie('block')) }),
      fc.record({
        type: fc.constant('document'),
        source: fc.record({ type: fc.constant('content'), content: fc.tuple(tie('block')) }),
      }),
    ),
  })).block;
  fc.assert(
    fc.property(wrap, fc.constantFrom('user', 'assistant', 'system'), (block, role) => {
      expect(fault({ messages: [{ role, content: [{ type: 'text', text: 'x' }, block] }] })).toMatchObject({
        kind: 'content',
      });
    }),
  );
});
