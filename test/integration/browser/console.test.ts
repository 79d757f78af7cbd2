import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startApiCluster, type ApiCluster } from '../api/api-cluster.js';
import { openKeys } from '../api/key-maker.js';
import { startApi } from '../api/running-api.js';
import { expectAccessible } from './accessible.js';
import { chromiumPath, startChromium } from './chromium.js';
import { startPathProxy } from './path-proxy.js';

/** What a page's script could do if it were run. */
const hostile = [
  '<img src=x onerror="window.pwned = 1"> <script>window.pwned = 1</script>',
  '[click](javascript:window.pwned=1) ![p](https://evil.example/p.png) <b>bold</b> `</code><i>`',
].join('\n\n');

describe.skipIf(chromiumPath === undefined)('the console in a real Chromium', () => {
  let cluster: ApiCluster;
  let browser: Browser;
  beforeAll(async () => {
    [cluster, browser] = await Promise.all([startApiCluster(), startChromium()]);
  });
  afterAll(async () => {
    await browser.close();
    await cluster.stop();
  });

  let context: BrowserContext;
  let page: Page;
  let wrong: string[];
  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1280, height: 860 }, reducedMotion: 'reduce' });
    page = await context.newPage();
    wrong = [];
    page.on('pageerror', (error) => wrong.push(error.message));
    page.on('console', (said) => {
      if (said.type() === 'error') wrong.push(said.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith('http://127.0.0.1:')) wrong.push(request.url());
    });
  });
  afterEach(() => context.close());

  const open = (hash = '', url = cluster.api.url): Promise<unknown> => page.goto(`${url}/${hash}`);
  const shows = (text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor();
  const main = (): Promise<string> => page.locator('main').innerText();

  test('is sent with a policy under which nothing inline runs and nothing comes from elsewhere', async () => {
    const answer = await cluster.api.send('GET', '/', undefined, { accept: 'text/html' });
    expect(answer.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self';.*trusted-types 'none'$/,
    );
    expect(answer.text).not.toMatch(/<script>|<style|https?:/);
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    const script = /src="\.(\/console\/[^"]+\.js)"/.exec(answer.text)?.[1] ?? '';
    const file = await fetch(cluster.api.url + script, { headers: { 'accept-encoding': 'br' } });
    expect([file.status, file.headers.get('content-encoding'), file.headers.get('cache-control')]).toEqual([
      200,
      'br',
      'public, max-age=31536000, immutable',
    ]);
  });

  test('says that there are no jobs yet, and leads to the form', async () => {
    await open('#/jobs?label=none:such');
    await shows('No job fits');
    await page.route('**/api/v1/jobs?*', (route) => route.fulfill({ json: { jobs: [] } }));
    await open('#/jobs');
    await shows('No jobs yet');
    await expectAccessible(page);
    await page.getByText('Submit the first one').click();
    await shows('What Claude Code is asked to do');
    expect(wrong).toEqual([]);
  });

  test('a job is submitted by the form, followed live, and its end is seen', async () => {
    await open('#/submit');
    await page.getByLabel('Prompt').fill('Count the horses.\nAll of them.');
    await page.getByText('More', { exact: true }).click();
    await page.getByLabel('Labels').fill('team:ranch');
    await page.getByLabel('Priority').fill('77');
    await page.getByRole('button', { name: 'Submit' }).click();
    await shows(/must be an integer from 1 to 10/);
    await expectAccessible(page);
    await page.getByLabel('Priority').fill('1');
    const [led] = await Promise.all([cluster.engines.next(), page.getByRole('button', { name: 'Submit' }).click()]);
    await page.getByRole('heading', { name: 'Count the horses.' }).waitFor();
    led.say('There are **seven**.');
    await page.locator('strong', { hasText: 'seven' }).waitFor();
    await expectAccessible(page);
    led.succeed({ text: 'Seven horses.', structured: { horses: 7 } });
    await shows('Succeeded');
    await page.getByRole('link', { name: 'Result' }).click();
    await shows('"horses": 7');
    await expectAccessible(page);
    expect(await page.locator('aside').innerText()).toMatch(/Cost\s+\$0\.5000[\s\S]*team:ranch/);
    await page.getByRole('link', { name: 'Jobs' }).first().click();
    await page.getByRole('link', { name: /succeeded Count the horses/ }).waitFor();
    await expectAccessible(page);
    // the fault that was provoked
    expect(wrong.filter((text) => !text.includes('400'))).toEqual([]);
  });

  test('a running job is cancelled, and a failed one redriven', async () => {
    const { id, led } = await cluster.begin({ attempts: 1 });
    await open(`#/jobs/${id}`);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('cancelled', { exact: true }).waitFor();
    expect(led.turn.prompt).toBe('hi');

    const failing = await cluster.begin({ attempts: 1 });
    failing.led.fail({ code: 'model.unreachable', message: 'Nobody answers.', lastLines: ['the last line'] });
    await open(`#/jobs/${failing.id}/attempts`);
    await shows('the last line');
    await expectAccessible(page);
    const [again] = await Promise.all([cluster.engines.next(), page.getByRole('button', { name: 'Redrive' }).click()]);
    await page.getByRole('link', { name: 'Timeline' }).click();
    await shows('Redriven');
    again.succeed();
    await shows('Succeeded');
    expect(wrong).toEqual([]);
  });

  test('shows pools and workers, and why jobs wait', async () => {
    await cluster.api.send('POST', '/api/v1/pools/default/pause', { reason: 'A new image.' });
    const { json } = await cluster.api.send('POST', '/api/v1/jobs', { prompt: 'waits' });
    await open('#/fleet');
    await shows('This pool is paused: A new image.');
    expect(await main()).toMatch(/waiting\s+1[\s\S]*w-/);
    await expectAccessible(page);
    await cluster.api.send('POST', `/api/v1/jobs/${json.id}/cancel`);
    await cluster.api.send('POST', '/api/v1/pools/default/resume');
    await expect.poll(main, { timeout: 10_000 }).not.toContain('A new image.');
    expect(wrong).toEqual([]);
  });

  test('says what there is not, and what the api refuses', async () => {
    await open('#/jobs/j-none');
    await shows('There is no such thing');
    await shows('job.unknown');
    await expectAccessible(page);
    await open('#/nowhere');
    await shows('There is no such page');
    await open('#/jobs?label=wrong');
    await shows('label must be name:value');
  });

  test('takes what a model says for text, whatever it is', async () => {
    const { id, led } = await cluster.begin({ metadata: { title: hostile }, labels: { a: '<i>x' } });
    led.say(hostile);
    led.succeed({ text: hostile, structured: hostile });
    await open(`#/jobs/${id}`);
    await shows('click');
    await page.getByRole('link', { name: 'click' }).click();
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    expect(await page.locator('main img, main script, main i, main b').count()).toBe(0);
    await page.getByRole('link', { name: 'Result' }).click();
    await shows('Structured result');
    await page.getByRole('link', { name: 'Jobs' }).first().click();
    await shows(/onerror/);
    expect(wrong).toEqual([]);
  });

  test('says that the api is away, and goes on by itself where it was', async () => {
    const { id, led } = await cluster.begin();
    const first = await startPathProxy(cluster.api.url, '/at', false);
    await open(`#/jobs/${id}`, first.url);
    led.say('before');
    await shows('before');
    const port = Number(new URL(first.url).port);
    await first[Symbol.asyncDispose]();
    await shows('No connection to the api');
    await shows('before');
    await expectAccessible(page);
    led.say('in between');
    await using _second = await startPathProxy(cluster.api.url, '/at', false, port);
    await shows('in between');
    led.succeed();
    await shows('Succeeded');
    await expect.poll(() => page.getByText('No connection').count()).toBe(0);
  });

  test('shows 1,000 events, and stays as quick as the one who reads', async () => {
    const { id, led } = await cluster.begin();
    for (let n = 1; n <= 500; n += 1)
      led.say(`Part ${n} of \`${'x'.repeat(n % 80)}\` with **words** and a [link](#${n}).`);
    await open(`#/jobs/${id}`);
    await shows('Part 500 of');
    for (let n = 501; n <= 1_000; n += 1) led.say(`Part ${n}`);
    await shows('Part 1000');
    await page.getByText('Part 1 of').waitFor({ state: 'attached' });
    expect(await page.locator('.timeline li').count()).toBeGreaterThanOrEqual(1_000);
    led.succeed();
    await shows('Succeeded');
  });

  test('asks for a token where the api wants one, keeps it for the tab, and asks again when it has ended', async () => {
    const api = await startApi(cluster.redis.url, { env: { REMUDA_API_TOKENS: '1' } });
    using maker = openKeys(cluster.redis.url, api.namespace);
    const [key, other] = [await maker.make(), await maker.make({ tenant: 'b' })];
    const type = async (token: string): Promise<void> => {
      await page.getByLabel('Token').fill(token);
      await page.getByRole('button', { name: 'Continue' }).click();
    };
    await open('#/jobs', api.url);
    await shows('This api needs a token');
    await expectAccessible(page);
    await type('wrong');
    await shows('The token was refused');
    await type(key.text);
    await shows('No jobs yet');
    await open('#/submit', api.url);
    await page.getByLabel('Prompt').fill('mine');
    await page.getByRole('button', { name: 'Submit' }).click();
    await shows('Accepted for the profile default');
    await page.reload();
    await shows('Accepted for the profile default');
    await open('#/fleet', api.url);
    await shows('Your token does not allow this');
    await maker.keys.revoke(key.id, Date.now());
    await open('#/jobs', api.url);
    await shows('The token was refused');
    await type(other.text);
    await shows('No jobs yet');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await shows('This api needs a token');
    expect(await page.evaluate('sessionStorage.length + document.cookie.length')).toBe(0);
    await api.close();
  });

  test('is moved through by keys alone', async () => {
    await open('#/jobs');
    await page.getByRole('heading', { name: 'Jobs' }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.getByRole('link', { name: 'Fleet' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Fleet' }).waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
  });

  test('shows itself in the theme that was chosen, also next time', async () => {
    await open();
    const back = (): Promise<unknown> => page.evaluate('getComputedStyle(document.body).backgroundColor');
    await page.emulateMedia({ colorScheme: 'light' });
    const light = await back();
    await page.getByRole('button', { name: /Theme: system/ }).click();
    await page.getByRole('button', { name: /Theme: light/ }).click();
    const dark = await back();
    expect(dark).not.toBe(light);
    await page.reload();
    await page.getByRole('button', { name: /Theme: dark/ }).waitFor();
    expect(await back()).toBe(dark);
  });
});
