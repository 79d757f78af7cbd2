import type { Browser, Page, Request, Response } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startApi } from '../api/running-api.js';
import type { RunningApi } from '../api/running-api.js';
import { startRedis } from '../redis.js';
import type { TestRedis } from '../redis.js';
import { chromiumPath, startChromium } from './chromium.js';
import { startPathProxy } from './path-proxy.js';
import type { PathProxy } from './path-proxy.js';

const path = '/tools/remuda';

describe.skipIf(chromiumPath === undefined).each([
  { how: 'is set', env: { REMUDA_API_BASE_PATH: path }, tells: false },
  { how: 'is told by a trusted proxy', env: { REMUDA_API_TRUST_PREFIX: '1' }, tells: true },
])('in a real Chromium, behind a proxy whose path $how', ({ env, tells }) => {
  let redis: TestRedis;
  let api: RunningApi;
  let proxy: PathProxy;
  let browser: Browser;
  let page: Page;
  let seen: Seen;

  beforeAll(async () => {
    redis = await startRedis();
    api = await startApi(redis.url, { env });
    proxy = await startPathProxy(api.url, path, tells);
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser.close();
    await proxy[Symbol.asyncDispose]();
    await api.close();
    await redis.close();
  });
  beforeEach(async () => {
    page = await browser.newPage();
    seen = watch(page);
  });
  afterEach(() => page.close());

  /** Nothing went wrong, nothing was asked of anybody else, and the page may not be framed or taken for what it is not. */
  function expectClean(): void {
    expect(seen.wrong).toEqual([]);
    expect(seen.requests.length).toBeGreaterThan(3);
    const elsewhere = seen.requests
      .map((each) => each.url())
      .filter((url) => !/^(data|blob):/.test(url) && !url.startsWith(`${proxy.url}/`));
    expect(elsewhere).toEqual([]);
    const headers = seen.documents.map((each) => each.headers());
    expect(headers.length).toBeGreaterThan(0);
    for (const each of headers)
      expect(each).toMatchObject({
        'content-security-policy': expect.stringMatching(
          /default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/,
        ) as string,
        'x-frame-options': 'DENY',
        'x-content-type-options': 'nosniff',
      });
  }

  test('the board shows its queues, also where a page within it is opened by its address', async () => {
    const queue = page.getByText('jobs.default').first();
    await expect
      .poll(() => api.send('GET', '/admin/queues/api/queues').then(({ json }) => json.queues))
      .toContainEqual(expect.objectContaining({ name: 'jobs.default' }));
    await page.goto(`${proxy.url}/admin/queues`);
    await queue.waitFor();
    await page.goto(`${proxy.url}/admin/queues/queue/jobs.default`);
    await queue.waitFor();
    await page.getByText('Completed').first().waitFor();
    const links = await page.evaluate<string[]>(menuLinks);
    expect(links).toEqual([`${proxy.url}/api/v1/jobs?state=cancelled`, `${proxy.url}/api/docs`]);
    expectClean();
  });

  test('the page of the API shows its operations, and what it offers to try is accepted', async () => {
    await page.goto(`${proxy.url}/api`);
    expect(page.url()).toBe(`${proxy.url}/api/docs`);
    const submit = page.locator('#operations-jobs-submitJob');
    await submit.locator('.opblock-summary').click();
    await submit.getByRole('button', { name: 'Try it out' }).click();
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.request().method() === 'POST'),
      submit.getByRole('button', { name: 'Execute' }).click(),
    ]);
    expect([answer.url(), answer.status()]).toEqual([`${proxy.url}/api/v1/jobs`, 202]);
    const { url } = (await answer.json()) as { url: string };
    expect(url).toMatch(new RegExp(`^${path}/api/v1/jobs/j-`));
    expect(answer.headers()['location']).toBe(url);
    await submit.locator('.live-responses-table .response-col_status').getByText('202').waitFor();
    expectClean();
  });
});

test('a path that nobody is trusted to tell, or that is none, is in no page and no address', async () => {
  const redis = await startRedis();
  const plain = await startApi(redis.url);
  const trusting = await startApi(redis.url, { env: { REMUDA_API_TRUST_PREFIX: '1' } });
  try {
    for (const [api, prefix] of [
      [plain, path],
      [trusting, '//evil.example'],
      [trusting, '/"><script src="https://evil.example/x.js">'],
      [trusting, `${path}, /other`],
    ] as const) {
      const headers = { 'x-forwarded-prefix': prefix };
      const board = await api.send('GET', '/admin/queues', undefined, headers);
      expect(board.text).toContain('<base href="/admin/queues/" />');
      const job = await api.send('POST', '/api/v1/jobs', { prompt: 'hi' }, headers);
      expect(job.headers.get('location')).toBe(`/api/v1/jobs/${job.json.id}`);
      const batch = await api.send('POST', '/api/v1/jobs/batch', { jobs: [{ prompt: 'hi' }] }, headers);
      expect(batch.json.jobs[0]?.url).toMatch(/^\/api\/v1\/jobs\/j-/);
    }
  } finally {
    await plain.close();
    await trusting.close();
    await redis.close();
  }
});

/** Where the links lead that the board has in its menu; in the page. */
const menuLinks =
  'JSON.parse(document.getElementById("__UI_CONFIG__").textContent).miscLinks.map(({ url }) => new URL(url, document.baseURI).href)';

/** What a page did since it was opened. */
interface Seen {
  /** Errors on its console and in its scripts, and answers that were none. */
  readonly wrong: readonly string[];
  readonly requests: readonly Request[];
  readonly documents: readonly Response[];
}

function watch(page: Page): Seen {
  const wrong: string[] = [];
  const requests: Request[] = [];
  const documents: Response[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') wrong.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => wrong.push(`script: ${error.message}`));
  page.on('requestfailed', (request) => wrong.push(`failed: ${request.url()}`));
  page.on('request', (request) => requests.push(request));
  page.on('response', (response) => {
    if (response.status() >= 400) wrong.push(`${String(response.status())}: ${response.url()}`);
    if (response.request().isNavigationRequest() && response.status() < 300) documents.push(response);
  });
  return { wrong, requests, documents };
}
