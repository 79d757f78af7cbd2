import { script } from '@remuda/scripted-model';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCluster, type TestCluster } from '../../e2e/harness/cluster.js';
import { serveRepository, type GitServer } from '../../e2e/harness/git-server.js';
import { expectAccessible } from './accessible.js';
import { chromiumPath, startChromium } from './chromium.js';
import { takePicture } from './pictures.js';

const files = {
  'src/herd.js': [
    '/** The horses that are fit to ride today. */',
    'export function fitHorses(herd) {',
    '  return herd.filter((horse) => horse.age > 3);',
    '}',
    '',
    'export const namesOf = (herd) => herd.map(({ name }) => name);',
    '',
  ].join('\n'),
  'test/herd.test.js': [
    "import assert from 'node:assert/strict';",
    "import { test } from 'node:test';",
    "import { fitHorses } from '../src/herd.js';",
    '',
    "test('a lame horse rests', () => {",
    "  const herd = [{ name: 'Bay', age: 7, lame: true }, { name: 'Dun', age: 5, lame: false }];",
    "  assert.deepEqual(fitHorses(herd).map(({ name }) => name), ['Dun']);",
    '});',
    '',
  ].join('\n'),
  'package.json': '{ "type": "module", "scripts": { "test": "node --test" } }\n',
};

const bash = (command: string, description: string) => ({ name: 'Bash', input: { command, description } });
const mend = script(
  {
    thinking:
      'The test says that a lame horse rests. I should see it fail first, then read the code that decides who is fit.',
    text: 'I will run the tests first, to see what fails.',
    tools: [bash('node --test 2>&1 | grep -E "^# (pass|fail)|actual|expected" ; exit 1', 'Run the tests')],
  },
  {
    text: 'One test fails. The rule must be in `src/herd.js`.',
    tools: [{ name: 'Read', input: { file_path: 'src/herd.js' } }],
  },
  {
    thinking: 'Only the age is looked at. The filter needs the other condition as well.',
    text: '`fitHorses` looks at the age only, and **never asks whether a horse is lame**. I will add that condition.',
    tools: [
      {
        name: 'Edit',
        input: { file_path: 'src/herd.js', old_string: 'horse.age > 3', new_string: 'horse.age > 3 && !horse.lame' },
      },
    ],
  },
  { text: 'Now the tests again.', tools: [bash('node --test 2>&1 | grep -E "^# (pass|fail)"', 'Run the tests again')] },
  {
    text: [
      'The failing test passes. What I changed:',
      '',
      '- `fitHorses` in `src/herd.js` leaves lame horses out',
      '- nothing else: the other callers give it whole herds',
      '',
      '| | before | after |',
      '| --- | --- | --- |',
      '| passing | 0 | 1 |',
      '| failing | 1 | 0 |',
    ].join('\n'),
  },
);
const rides = script({ text: 'I will look at the trail first.', tools: [bash('sleep 120', 'Follow the trail')] });

describe.skipIf(chromiumPath === undefined)('the console before a whole cluster', () => {
  let cluster: TestCluster;
  let origin: GitServer;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    const profiles = [
      'profiles:',
      '  default: { pool: { warm: 1, max: 3 } }',
      '  reviewer: { permissionMode: plan, pool: { warm: 1, max: 2 } }',
    ].join('\n');
    [cluster, origin, browser] = await Promise.all([
      startCluster({ runtime: 'process', warm: 1, profiles }),
      serveRepository(files),
      startChromium(),
    ]);
    page = await browser.newPage({ viewport: { width: 1280, height: 820 }, reducedMotion: 'reduce' });
  });
  afterAll(async () => {
    await browser.close();
    await cluster.stop();
    await origin[Symbol.asyncDispose]();
  });

  const shows = (text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor();
  const open = (hash: string): Promise<unknown> => page.goto(`${cluster.apiUrl}/${hash}`);

  const picture = (name: string): Promise<void> => takePicture(page, name);

  async function submit(job: object): Promise<string> {
    const body = JSON.stringify(job);
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${cluster.apiUrl}/api/v1/jobs`, { method: 'POST', headers, body });
    return ((await answer.json()) as { id: string }).id;
  }

  const named = (title: string, prompt: string, more: object = {}): object => ({
    prompt,
    metadata: { title },
    ...more,
  });

  test('a repository is mended before the eyes of whoever submitted the prompt', async () => {
    await open('#/jobs');
    await shows('No jobs yet');
    await picture('jobs-empty');
    await open('#/submit');
    await page.getByLabel('Prompt').fill('Make the failing test pass.');
    await page.getByLabel('Git repository').fill(origin.url);
    await page.getByLabel('Branch, tag or commit').fill('main');
    await page.getByLabel('Prompt').focus();
    await picture('submit');
    await page.getByLabel('Prompt').fill(`Make the failing test pass.\n\n${mend}`);
    await page.getByText('More', { exact: true }).click();
    await page.getByLabel('Labels').fill('team:ranch');
    await page.getByRole('button', { name: 'Submit' }).click();
    await page.getByRole('heading', { name: 'Make the failing test pass.' }).waitFor();
    await shows('Succeeded');
    await shows(/1 file, \+1 −1/);
    for (const tool of ['Bash', 'Read', 'Edit'])
      expect(await page.locator('.tool-name', { hasText: tool }).count()).toBeGreaterThan(0);
    await page.locator('summary', { hasText: 'Edit' }).click();
    await shows('new_string');
    await page.locator('summary', { hasText: 'Edit' }).click();
    await page.evaluate('scrollTo(0, 0)');
    await picture('job');
    await page.getByRole('link', { name: 'Changes' }).click();
    await page.locator('.line-added', { hasText: '!horse.lame' }).waitFor();
    await picture('changes');
    await page.getByRole('link', { name: 'Result' }).click();
    await page.locator('.prose table').waitFor();
    await picture('result');
  });

  test('many jobs and their workers are seen at once, and why some wait', async () => {
    await fetch(`${cluster.apiUrl}/api/v1/pools/reviewer/pause`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"reason":"The new prompt is being tried first."}',
    });
    const failing = script({
      error: { status: 400, type: 'invalid_request_error', message: 'The prompt is too long.' },
    });
    await submit(named('Translate the brand register', failing, { attempts: 1, labels: { team: 'office' } }));
    const rider = await submit(named('Find the lost trail', rides, { labels: { team: 'ranch', env: 'test' } }));
    await submit(named('Write the spring schedule', rides, { labels: { team: 'office' } }));
    for (const title of ['Review the feed budget', 'Review the stable plan'])
      await submit(named(title, rides, { profile: 'reviewer' }));
    await open('#/jobs');
    await page.getByRole('link', { name: /running Find the lost trail/ }).waitFor();
    await page.getByRole('link', { name: /running Write the spring schedule/ }).waitFor();
    await page.getByRole('link', { name: /failed Translate the brand register/ }).waitFor();
    await picture('jobs');
    await page.setViewportSize({ width: 390, height: 780 });
    await picture('phone-jobs');
    await page.setViewportSize({ width: 1280, height: 820 });
    await open('#/fleet');
    await shows(/2 busy/);
    await shows('This pool is paused: The new prompt is being tried first.');
    await picture('fleet');
    await open(`#/jobs/${rider}`);
    await shows('Claude Code is working');
    await picture('job-running');
    await page.setViewportSize({ width: 390, height: 780 });
    await picture('phone-job');
    await page.setViewportSize({ width: 1280, height: 820 });
    await open('#/jobs?state=failed');
    await page.getByRole('link', { name: /failed Translate the brand register/ }).click();
    await page.getByRole('button', { name: 'Redrive' }).waitFor();
    await picture('job-failed');
    await page.context().setOffline(true);
    await open('#/jobs').catch(() => undefined);
    await shows('No connection');
    await picture('no-connection');
    await page.context().setOffline(false);
    await expect.poll(() => page.getByText('No connection').count(), { timeout: 20_000 }).toBe(0);
  });

  /** Checks the page as axe does, leaves it as it was, and takes it. */
  async function look(name: string): Promise<void> {
    await expectAccessible(page);
    await page.setViewportSize({ width: 1280, height: 820 });
    await page.emulateMedia({ colorScheme: 'light' });
    await picture(name);
  }

  /** Without a connection, and with one again. */
  async function away(name: string): Promise<void> {
    await page.context().setOffline(true);
    await shows('No connection');
    await look(name);
    await page.context().setOffline(false);
    await expect.poll(() => page.getByText('No connection').count(), { timeout: 20_000 }).toBe(0);
  }

  test('each page says what there is not, what is wrong, and that the api is away', async () => {
    await open('#/jobs?state=queued');
    await page.getByRole('link', { name: /queued Review the feed budget/ }).click();
    await shows(/no\. \d in the queue of reviewer/);
    await look('job-waiting');
    await open('#/jobs?state=running');
    await page.getByRole('link', { name: /running Find the lost trail/ }).click();
    await shows('Claude Code is working');
    await away('job-no-connection');

    await open('#/submit');
    await page.getByLabel('Prompt').fill('Count the horses.');
    await page.getByText('More', { exact: true }).click();
    await page.getByLabel('Priority').fill('77');
    await page.getByRole('button', { name: 'Submit' }).click();
    await shows(/must be an integer from 1 to 10/);
    await look('submit-refused');
    await page.context().setOffline(true);
    await page.getByLabel('Priority').fill('5');
    await page.getByRole('button', { name: 'Submit' }).click();
    await page.getByRole('alert').filter({ hasText: 'No answer' }).first().waitFor();
    await look('submit-no-connection');
    await page.context().setOffline(false);

    await open('#/fleet');
    await shows(/2 busy/);
    await away('fleet-no-connection');
    // as the api would answer
    await page.route('**/api/v1/pools', async (route) => {
      const answer = (await (await route.fetch()).json()) as { pools: { profile: string; halts: object[] }[] };
      const reason = '5 jobs in a row could not start: the image registry.example.com/workers:2 was not found';
      const halt = { kind: 'suspended', everywhere: false, reason, since: new Date().toISOString() };
      for (const pool of answer.pools) if (pool.profile === 'reviewer') pool.halts = [halt];
      await route.fulfill({ json: answer });
    });
    await shows(/This pool is suspended: 5 jobs in a row/);
    await look('fleet-failing');
    await page.unroute('**/api/v1/pools');
    await page.route('**/api/v1/pools', (route) => route.fulfill({ json: { pools: [] } }));
    await shows('No pools');
    await look('fleet-empty');
    await page.unroute('**/api/v1/pools');
  });
});
