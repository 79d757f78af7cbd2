import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { script, type Step } from './script.js';
import { startScriptedModel, type ScriptedModel } from './server.js';

let model: ScriptedModel;
beforeEach(async () => {
  model = await startScriptedModel();
});
afterEach(() => model.close());

const ask = (steps: readonly Step[], over: object = {}, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${model.url}/v1/messages?beta=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      model: 'm',
      stream: true,
      tools: [{}],
      messages: [{ role: 'user', content: script(...steps) }],
      ...over,
    }),
  });

const eventNames = (stream: string): string[] => [...stream.matchAll(/^event: (.*)$/gm)].map((match) => match[1] ?? '');

describe('the scripted model', () => {
  it('streams thinking, text and tool calls as the Messages API does', async () => {
    const stream = await (await ask([{ thinking: 'hm', text: 'two words', tools: [{ name: 'Bash' }] }])).text();
    expect(eventNames(stream)).toEqual([
      'message_start',
      ...['content_block_start', 'content_block_delta', 'content_block_delta', 'content_block_stop'],
      ...['content_block_start', 'content_block_delta', 'content_block_delta', 'content_block_stop'],
      ...['content_block_start', 'content_block_delta', 'content_block_stop'],
      ...['message_delta', 'message_stop'],
    ]);
    expect(stream).toContain('"stop_reason":"tool_use"');
  });

  it('answers in one piece when no stream is asked for', async () => {
    const answer: unknown = await (await ask([{ text: 'whole' }], { stream: false })).json();
    expect(answer).toMatchObject({
      type: 'message',
      stop_reason: 'end_turn',
      content: [{ type: 'text', text: 'whole' }],
    });
  });

  it('answers with API errors and their headers', async () => {
    const response = await ask([{ error: { status: 529, type: 'overloaded_error', headers: { 'retry-after': '1' } } }]);
    expect(response.status).toBe(529);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toMatchObject({ error: { type: 'overloaded_error' } });
  });

  it('ends a stream with an error event, or by cutting the connection', async () => {
    const failing = await (
      await ask([{ text: 'a', streamError: { type: 'overloaded_error', message: 'Overloaded' } }])
    ).text();
    expect(eventNames(failing).at(-1)).toBe('error');
    await expect((await ask([{ drop: true }])).text()).rejects.toThrow();
  });

  it('serves queued steps first, each as often as it says', async () => {
    model.queue({ text: 'queued', times: 2 });
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await (await ask([{ text: 'own' }])).text());
    expect(answers.map((answer) => answer.includes('queued'))).toEqual([true, true, false]);
  });

  it('refuses other keys than the required one, shown in either header', async () => {
    await model.close();
    model = await startScriptedModel({ requireKey: 'right' });
    expect((await ask([{ text: 'a' }], {}, { 'x-api-key': 'wrong' })).status).toBe(401);
    expect((await ask([{ text: 'a' }], {}, { 'x-api-key': 'right' })).status).toBe(200);
    expect((await ask([{ text: 'a' }], {}, { authorization: 'Bearer right' })).status).toBe(200);
  });

  it('answers HEAD and count_tokens, and notes what was asked by kind', async () => {
    await fetch(model.url, { method: 'HEAD' });
    const counted = await fetch(`${model.url}/v1/messages/count_tokens`, { method: 'POST', body: '{}' });
    expect(await counted.json()).toEqual({ input_tokens: 10 });
    await (await ask([{ text: 'a' }], {}, { 'x-api-key': 'k' })).text();
    expect(model.requests.map((request) => request.kind)).toEqual(['head', 'count_tokens', 'messages']);
    expect(model.requests.at(-1)).toMatchObject({ key: 'k', main: true });
    expect(model.lastMain?.model).toBe('m');
  });

  it('does a small piece of work in the demo for a prompt without script', async () => {
    await model.close();
    model = await startScriptedModel({ demo: true });
    const system = [{ type: 'text', text: ' - Primary working directory: /somewhere\n' }];
    const stream = await (await ask([], { system, messages: [{ role: 'user', content: 'hi' }] })).text();
    expect(stream).toContain('/somewhere/hello.txt');
  });

  it('listens on a unix socket when given one', async () => {
    const socket = `/tmp/scripted-model-${String(process.pid)}.sock`;
    await using other = await startScriptedModel({ socket });
    expect(other.url).toBe(`unix:${socket}`);
  });

  it('ends though an answer hangs', async () => {
    const hanging = ask([{ hangMs: 60_000 }]).catch(() => 'cut');
    await model.seen((request) => request.main);
    await model.close();
    expect(await hanging).toBe('cut');
  });
});
