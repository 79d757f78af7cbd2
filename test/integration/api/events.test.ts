import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as turnOver } from 'node:timers/promises';
import type { JobEvent } from '@remuda/domain';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startApiCluster } from './api-cluster.js';
import type { ApiCluster } from './api-cluster.js';
import { openSse } from './sse-client.js';

let cluster: ApiCluster;
beforeAll(async () => {
  cluster = await startApiCluster();
});
afterAll(() => cluster.stop());

const texts = (events: readonly { type: string; data: unknown }[]): unknown[] =>
  events.filter((event) => event.type === 'message.text').map((event) => (event.data as { text: string }).text);

/** A job that is over, with some texts. */
async function finished(...said: string[]): Promise<string> {
  const { id, led } = await cluster.begin();
  for (const text of said) led.say(text);
  led.succeed();
  await (await openSse(cluster.api.url, id)).rest();
  return id;
}

describe('Server-Sent Events', () => {
  test('come as they happen, and end with the job', async () => {
    const { id, led } = await cluster.begin();
    const stream = await openSse(cluster.api.url, id);
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    expect((await stream.next())?.type).toBe('job.queued');
    led.say('one');
    for (let event = await stream.next(); event?.type !== 'message.text'; event = await stream.next())
      expect(event).toBeDefined();
    led.say('two');
    led.succeed();
    const rest = await stream.rest();
    expect(texts(rest)).toEqual(['two']);
    expect(rest.at(-1)?.type).toBe('job.over');
  });

  test('are the same for one who resumes after any of them', async () => {
    const id = await finished('one', 'two', 'three');
    const all = await (await openSse(cluster.api.url, id)).rest();
    expect(all.map((event) => event.id)).toEqual(all.map((_, i) => i + 1));
    for (const { id: last } of all.slice(0, -1)) {
      expect(await (await openSse(cluster.api.url, id, last)).rest()).toEqual(all.slice(last));
    }
  });

  test('are no more for one who has seen the end: 204 keeps an EventSource from coming back', async () => {
    const id = await finished('one');
    const all = await (await openSse(cluster.api.url, id)).rest();
    expect((await openSse(cluster.api.url, id, all.length)).status).toBe(204);
  });

  test('tell a client when to come back, first of all', async () => {
    const id = await finished('one');
    const { text } = await cluster.api.send('GET', `/api/v1/jobs/${id}/events`);
    expect(text).toMatch(/^retry: 1000\n\nid: 1\nevent: job.queued\ndata: \{/);
  });

  test('take ?after= where a header cannot be set, and the header before it', async () => {
    const id = await finished('one', 'two');
    const after2 = await cluster.api.send('GET', `/api/v1/jobs/${id}/events?after=2`);
    expect(after2.text).toMatch(/^retry: 1000\n\nid: 3\n/);
    const after1 = await cluster.api.send('GET', `/api/v1/jobs/${id}/events?after=2`, undefined, {
      'last-event-id': '1',
    });
    expect(after1.text).toMatch(/^retry: 1000\n\nid: 2\n/);
  });

  test('leave nothing open when their client goes', async () => {
    const { id, led } = await cluster.begin();
    const open = async () =>
      Number(/remuda_event_streams_open\{.*\} (\d+)/.exec((await cluster.api.send('GET', '/metrics')).text)?.[1]);
    const before = await open();
    const stream = await openSse(cluster.api.url, id);
    await stream.next();
    expect(await open()).toBe(before + 1);
    stream.close();
    await expect.poll(open).toBe(before);
    led.succeed();
  });

  test('all reach a client that did not read for a long time', async () => {
    const { id, led } = await cluster.begin();
    const { hostname, port } = new URL(cluster.api.url);
    const socket = connect(Number(port), hostname);
    socket.pause();
    socket.write(`GET /api/v1/jobs/${id}/events HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
    const line = 'x'.repeat(10_000);
    for (let i = 0; i < 3_000; i++) {
      led.say(`${i} ${line}`);
      if (i % 100 === 0) await turnOver();
    }
    led.succeed();
    const other = await (await openSse(cluster.api.url, id)).rest();
    expect(other.at(-1)?.type).toBe('job.over');
    const received: string[] = [];
    socket.setEncoding('utf8').on('data', (chunk: string) => received.push(chunk));
    socket.resume();
    await once(socket, 'close');
    const ids = [...received.join('').matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
    expect(ids).toEqual(other.map((event) => event.id));
  });
});

describe('a page of events', () => {
  test('comes as JSON when asked for, one after the other', async () => {
    const id = await finished('one', 'two');
    const all = await (await openSse(cluster.api.url, id)).rest();
    const json = { accept: 'application/json' };
    const first = (await cluster.api.send('GET', `/api/v1/jobs/${id}/events?limit=1`, undefined, json)).json;
    expect(first.events.length).toBeGreaterThanOrEqual(1);
    expect(first).toMatchObject({ next: first.events.at(-1)?.id, complete: false });
    const second = (await cluster.api.send('GET', `/api/v1/jobs/${id}/events?format=json&after=${first.next}`)).json;
    expect([...first.events, ...second.events]).toEqual(all);
    expect(second).toMatchObject({ next: all.length, complete: true });
    const last = (await cluster.api.send('GET', `/api/v1/jobs/${id}/events?format=json&after=${second.next}`)).json;
    expect(last).toEqual({ events: [], next: all.length, complete: true });
  });
});

/** What the WebSocket says. */
interface Message {
  readonly job?: string;
  readonly event?: JobEvent;
  readonly error?: { readonly code: string };
}

describe('the WebSocket', () => {
  const at = (path: string, headers: Record<string, string> = {}) =>
    new WebSocket(`${cluster.api.url.replace('http', 'ws')}${path}`, { headers });

  /** Opens one, and collects what it says. */
  async function open() {
    const socket = at('/api/v1/stream');
    const messages: Message[] = [];
    let wake: () => void = () => undefined;
    socket.on('message', (data: Buffer) => {
      messages.push(JSON.parse(data.toString()) as Message);
      wake();
    });
    await once(socket, 'open');
    const until = async (fits: (message: Message) => boolean): Promise<Message> => {
      for (;;) {
        const found = messages.find(fits);
        if (found) return found;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    };
    return {
      socket,
      messages,
      until,
      say: (message: unknown) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    };
  }

  test('has the same events with the same ids as SSE, for several jobs at once', async () => {
    const [a, b] = [await finished('one'), await finished('two')];
    const { socket, messages, until, say } = await open();
    say({ subscribe: a, after: 0 });
    say({ subscribe: b, after: 2 });
    for (const job of [a, b]) await until((message) => message.job === job && message.event?.type === 'job.over');
    const of = (job: string) => messages.filter((message) => message.job === job).map((message) => message.event);
    expect(of(a)).toEqual(await (await openSse(cluster.api.url, a)).rest());
    expect(of(b)).toEqual(await (await openSse(cluster.api.url, b, 2)).rest());
    socket.close();
  });

  test('passes events on live, and no more after an unsubscribe', async () => {
    const { id, led } = await cluster.begin();
    const { socket, messages, until, say } = await open();
    say({ subscribe: id });
    led.say('one');
    await until((message) => message.event?.type === 'message.text');
    say({ unsubscribe: id });
    say('ping');
    await until((message) => message.error !== undefined);
    led.say('two');
    led.succeed();
    await (await openSse(cluster.api.url, id)).rest();
    expect(texts(messages.flatMap((message) => (message.event ? [message.event] : [])))).toEqual(['one']);
    socket.close();
  });

  test.each([
    ['no JSON', 'hi', 'request.malformed'],
    ['a list', [1], 'request.malformed'],
    ['no request', {}, 'request.invalid'],
    ['an unknown field', { subscribe: 'j-1', x: 1 }, 'request.invalid'],
    ['both at once', { subscribe: 'j-1', unsubscribe: 'j-1' }, 'request.invalid'],
    ['an unknown job', { subscribe: 'j-none' }, 'job.unknown'],
    ['a job that is a number', { subscribe: 5 }, 'request.invalid'],
    ['a wrong place', { subscribe: 'j-1', after: -1 }, 'event_id.invalid'],
    ['a place that is a text', { subscribe: 'j-1', after: '1' }, 'event_id.invalid'],
  ])('answers %s with a problem, and goes on', async (_what, message, code) => {
    const { socket, until, say } = await open();
    say(message);
    expect((await until(() => true)).error).toMatchObject({ code, status: expect.any(Number) });
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.close();
  });

  test('answers a place that the job has not reached with event_id.invalid', async () => {
    const id = await finished('one');
    const { socket, until, say } = await open();
    say({ subscribe: id, after: 999 });
    expect(await until(() => true)).toMatchObject({ job: id, error: { code: 'event_id.invalid' } });
    socket.close();
  });

  test('closes on a message that is too large', async () => {
    const { socket, say } = await open();
    say('x'.repeat(5_000));
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(1009);
  });

  test.each([
    ['another path', '/api/v1/streams', {}, 404],
    ['the path of a route', '/api/v1/jobs', {}, 404],
    ['a page of another origin', '/api/v1/stream', { origin: 'https://evil.example' }, 403],
    ['a name that is none of ours', '/api/v1/stream', { host: 'evil.example' }, 421],
    ['a foreign page, also at another path', '/api/v1/jobs', { origin: 'https://evil.example' }, 403],
  ])('is refused at %s', async (_what, path, headers, status) => {
    const [, response] = (await once(at(path, headers), 'unexpected-response')) as [unknown, { statusCode: number }];
    expect(response.statusCode).toBe(status);
  });

  test('is there for a page of its own origin', async () => {
    const socket = at('/api/v1/stream', { origin: cluster.api.url });
    await once(socket, 'open');
    socket.close();
  });
});
