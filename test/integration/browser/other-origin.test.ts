import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MetricsModule, createApp, createLogger } from '@remuda/runtime';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startApi } from '../api/running-api.js';
import type { RunningApi } from '../api/running-api.js';
import { runBridge } from '../bridge/running-bridge.js';
import { startRedis } from '../redis.js';
import type { TestRedis } from '../redis.js';
import { chromiumPath, startChromium } from './chromium.js';

const marker = 'what-no-page-may-read';
const board = '/admin/queues/api/queues';
const script = await readFile(new URL('tries.mjs', import.meta.url), 'utf8');

describe.skipIf(chromiumPath === undefined)('in a real Chromium', () => {
  let redis: TestRedis;
  let browser: Browser;
  let elsewhere: Server;
  let api: RunningApi;
  let job: string;
  let page: Page;

  beforeAll(async () => {
    redis = await startRedis();
    browser = await startChromium({ 'evil.example': '127.0.0.1', 'app.example': '127.0.0.1' });
    elsewhere = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<p>A page of somebody else.</p>');
    });
    await once(elsewhere.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(async () => {
    await browser.close();
    elsewhere.close();
    await redis.close();
  });

  beforeEach(async () => {
    const env = { REMUDA_BOARD_WRITABLE: '1', REMUDA_API_ORIGINS: `http://app.example:${portOf(elsewhere)}` };
    api = await startApi(redis.url, { env });
    job = (await api.send('POST', '/api/v1/jobs', { prompt: 'hi', labels: { [marker]: 'x' } })).json.id;
    const queues = async (): Promise<object> => (await api.send('GET', board)).json.queues;
    const known = expect.objectContaining({ name: 'jobs.default' }) as unknown;
    await expect.poll(queues, { timeout: 10_000 }).toContainEqual(known);
    page = await browser.newPage();
  });
  afterEach(async () => {
    await page.close();
    await api.close();
  });

  /** All that could have been steered. */
  async function state(): Promise<string> {
    const [pools, jobs, queues] = await Promise.all(
      ['/api/v1/pools', '/api/v1/jobs', board].map(async (path) => (await api.send('GET', path)).json),
    );
    const halts = pools?.pools?.map((pool) => (pool as { halts: object }).halts);
    const ids = jobs?.jobs.map(({ id, state }) => [id, state]);
    return JSON.stringify([
      halts,
      ids,
      queues?.queues.map((queue) => [queue.name, (queue as { isPaused?: boolean }).isPaused]),
    ]);
  }

  const tries = (at = api.url): Promise<Record<string, string>> =>
    page.evaluate(`(${script})(${JSON.stringify({ api: at, job, board })})`);

  /** What a try reads where it succeeds. */
  const readings = new RegExp(`${marker}|job\\.queued|"name":"jobs\\.default"|^load$`);

  async function expectNothing(open: () => Promise<unknown>, at?: () => string): Promise<void> {
    await open();
    const before = await state();
    const came = Object.entries(await tries(at?.()));
    expect(came).toHaveLength(17);
    for (const [name, read] of came) expect(read, name).not.toMatch(readings);
    expect(await state()).toBe(before);
  }

  test('a page of another name can neither read nor steer', () =>
    expectNothing(() => page.goto(`http://evil.example:${portOf(elsewhere)}/`)));

  test('a page of another port of this machine can neither read nor steer', () =>
    expectNothing(() => page.goto(`http://127.0.0.1:${portOf(elsewhere)}/`)));

  test('a page without an origin can neither read nor steer', () =>
    expectNothing(() => page.goto('data:text/html,<p>Mine.</p>')));

  test('a page whose name has come to lead to the api can neither read nor steer', () =>
    expectNothing(
      () => openRebound(page, portOfUrl(api.url)),
      () => `http://evil.example:${portOfUrl(api.url)}`,
    ));

  test("the api's own page can do both: the tries are in earnest", async () => {
    await openAs(page, `${api.url}/page`);
    const before = await state();
    const came = await tries();
    const reads = ['fetch: list jobs', 'fetch: the board'];
    for (const name of [...reads, 'EventSource: follow a job', 'WebSocket: follow a job'])
      expect(came[name], name).toMatch(readings);
    const after = await state();
    for (const done of ['"paused"', '"drained"', '"cancelled"', '["jobs.default",true]'])
      expect([before.includes(done), after.includes(done)], done).toEqual([false, true]);
    expect(JSON.parse(after)[1]).toHaveLength(2);
  });

  test('a page of an origin that is named can read and steer by what a browser asks leave for', async () => {
    await page.goto(`http://app.example:${portOf(elsewhere)}/`);
    const came = await tries();
    for (const name of ['fetch: list jobs', 'EventSource: follow a job', 'WebSocket: follow a job'])
      expect(came[name], name).toMatch(readings);
    expect(JSON.parse(await state())[1]).toHaveLength(2);
  });

  test('health and figures of the other apps are not for a page whose name leads to them', async () => {
    const bridge = await runBridge();
    const app = await createApp({
      module: MetricsModule.register({ app: 'scheduler' }),
      logger: createLogger({ name: 'scheduler', level: 'silent' }),
    });
    await app.listen(0, '127.0.0.1');
    for (const url of [bridge.bridge.addresses.adminUrl, await app.getUrl()]) {
      const figures = /process_resident_memory_bytes/;
      expect(await (await fetch(`${url}/metrics`)).text()).toMatch(figures);
      await openRebound(page, portOfUrl(url));
      expect(await page.evaluate(`fetch('/metrics').then((answer) => answer.text())`)).not.toMatch(figures);
    }
    await app.close();
    await bridge[Symbol.asyncDispose]();
  });
});

/** A page of the attacker's name and the port of ours: as one is that has come, and whose name leads to us since. */
const openRebound = (page: Page, port: string): Promise<void> => openAs(page, `http://evil.example:${port}/page`);

/** A page of an origin that forbids itself nothing. */
async function openAs(page: Page, url: string): Promise<void> {
  await page.route(url, (route) => route.fulfill({ contentType: 'text/html', body: '<p>Mine.</p>' }));
  await page.goto(url);
  await page.unroute(url);
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const portOfUrl = (url: string): string => new URL(url).port;
