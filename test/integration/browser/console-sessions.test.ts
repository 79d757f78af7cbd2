import { script } from '@remuda/scripted-model';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCluster, type TestCluster } from '../../e2e/harness/cluster.js';
import { expectAccessible } from './accessible.js';
import { chromiumPath, startChromium } from './chromium.js';
import { takePicture } from './pictures.js';

const bash = (command: string, description: string) => ({ name: 'Bash', input: { command, description } });
const write = script(
  {
    text: 'I will write the plan down first.',
    tools: [
      bash('mkdir -p trail && printf "# Spring ride\\n\\n- cross the ford\\n" > trail/plan.md', 'Write the plan'),
    ],
  },
  { text: 'The plan is in `trail/plan.md`: **one day**, one ford.' },
);
const waits = script({ text: 'I will ride the trail once.', tools: [bash('sleep 300', 'Ride the trail')] });
const longMs = 240_000;

describe.skipIf(chromiumPath === undefined)('the sessions of the console before a whole cluster', () => {
  let cluster: TestCluster;
  let browser: Browser;
  let page: Page;
  const wrong: string[] = [];
  beforeAll(async () => {
    [cluster, browser] = await Promise.all([startCluster({ runtime: 'process', warm: 1 }), startChromium()]);
    page = await browser.newPage({ viewport: { width: 1280, height: 820 }, reducedMotion: 'reduce' });
    page.setDefaultTimeout(120_000);
    page.on('dialog', (dialog) => void dialog.accept());
    page.on('pageerror', (error) => wrong.push(error.message));
  }, longMs);
  afterAll(async () => {
    await browser.close();
    await cluster.stop();
  });

  const shows = (text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor();
  const open = (hash: string): Promise<unknown> => page.goto(`${cluster.apiUrl}/${hash}`);
  const turn = (number: number) => page.getByRole('region', { name: `Turn ${number}`, exact: true });
  const say = (prompt: string): Promise<void> => page.getByLabel('Next turn').fill(prompt);
  const press = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();

  const picture = (name: string): Promise<void> => takePicture(page, name);

  /** Checks the page as axe does, and leaves it as it was. */
  async function accessible(): Promise<void> {
    await expectAccessible(page);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 1280, height: 820 });
  }

  test(
    'a conversation is begun, seen as it happens, and its files are read',
    async () => {
      await open('#/sessions');
      await shows('No sessions yet');
      await picture('sessions-empty');
      await page.getByText('New session', { exact: true }).click();
      await page.getByLabel('Title').fill('Plan the spring ride');
      await page.getByLabel('Budget in US dollars').fill('5');
      await page.getByLabel('Turns to fork at').fill('2');
      await accessible();
      await press('Create');
      await page.getByRole('heading', { name: 'Plan the spring ride' }).waitFor();
      await shows('No turns yet');
      await picture('session-empty');
      await page.getByRole('link', { name: 'Files' }).click();
      await shows('No files yet');
      await page.getByRole('link', { name: 'Turns' }).click();
      await say(`Plan a ride of one day.\n\n${write}`);
      await press('Send');
      await turn(1).locator('.note-good').waitFor();
      await turn(1).getByText('Plan a ride of one day.').waitFor();
      await turn(1).locator('.tool-name', { hasText: 'Bash' }).waitFor();
      await shows(/\$0\.\d+ of \$5\.00/);
      expect(await page.getByLabel('Next turn').inputValue()).toBe('');
      await accessible();
      await picture('session');
      await page.getByRole('link', { name: 'Files' }).click();
      await page.getByRole('link', { name: 'trail/plan.md' }).click();
      await shows('- cross the ford');
      await accessible();
      await picture('session-files');
    },
    longMs,
  );

  test(
    'further turns wait for the one under way, interrupt it, and branch off',
    async () => {
      await page.getByRole('link', { name: 'Turns' }).click();
      await say(`Ride it once.\n\n${waits}`);
      await press('Send');
      await turn(2).locator('.tool-name', { hasText: 'Bash' }).waitFor();
      await say('Mind the ford.');
      await press('Say it now');
      await turn(2).locator('.said', { hasText: 'Mind the ford.' }).waitFor();
      await say(`Then count the horses.\n\n${script({ text: 'There are four.' })}`);
      await press('Send after this turn');
      await shows('A turn is under way; 1 after it');
      await picture('session-busy');
      await accessible();
      await page.setViewportSize({ width: 390, height: 780 });
      await picture('phone-session');
      await page.setViewportSize({ width: 1280, height: 820 });
      await say(`Leave it, and rest.\n\n${script({ text: 'The horses rest.' })}`);
      await press('Interrupt and send');
      await turn(2)
        .getByText(/^Cancelled/)
        .waitFor();
      await turn(3).getByText('The horses rest.', { exact: true }).waitFor();
      await turn(4).getByText('There are four.', { exact: true }).waitFor();
      expect(await page.getByRole('button', { name: 'Fork after turn 1' }).count()).toBe(0);
      await press('Fork after turn 4');
      await page.getByRole('link', { name: 'turn 4' }).waitFor();
      await say(
        `What is planned?\n\n${script({ tools: [bash('cat trail/plan.md', 'Read the plan')] }, { text: 'Read.' })}`,
      );
      await press('Send');
      await shows('cross the ford');
    },
    longMs,
  );

  test(
    'a turn that fails says why, a session that is stopped takes no more, and both are in the list',
    async () => {
      const error = { status: 400, type: 'invalid_request_error', message: 'The prompt is too long.' };
      await say(`Read the whole brand register.\n\n${script({ error })}`);
      await press('Send');
      await shows(/^Failed: .*too long/);
      await picture('session-failed');
      await press('Stop');
      await shows('This session is stopped: it takes no more turns.');
      await open('#/sessions?state=stopped');
      await page.getByRole('link', { name: /^stopped ./ }).waitFor();
      expect(await page.locator('.job-row').count()).toBe(1);
      await open('#/sessions');
      await page
        .getByRole('link', { name: /Plan the spring ride/ })
        .first()
        .waitFor();
      expect(await page.locator('.job-row').count()).toBe(2);
      await picture('sessions');
      await accessible();
      await open('#/sessions/s-00000000-0000-4000-8000-000000000000');
      await shows('There is no such thing');
    },
    longMs,
  );

  test(
    'goes on by itself where it was when the api was away',
    async () => {
      await open('#/sessions');
      await page.getByRole('link', { name: /^(idle|hibernated) ./ }).waitFor();
      await page.context().setOffline(true);
      await shows('No connection');
      await accessible();
      await picture('sessions-no-connection');
      await page.context().setOffline(false);
      await expect.poll(() => page.getByText('No connection').count(), { timeout: 60_000 }).toBe(0);
      await page.getByRole('link', { name: /^(idle|hibernated) ./ }).click();
      await turn(4).waitFor();
      await page.context().setOffline(true);
      await say('Are you there?');
      await press('Send');
      await page.getByRole('alert').filter({ hasText: 'No answer' }).first().waitFor();
      expect(await page.getByLabel('Next turn').inputValue()).toBe('Are you there?');
      await picture('session-no-connection');
      await page.context().setOffline(false);
      await expect.poll(() => page.getByText('No connection').count(), { timeout: 60_000 }).toBe(0);
      await say(script({ text: 'Here again.' }));
      await press('Send');
      await turn(5).getByText('Here again.', { exact: true }).waitFor();
      expect(wrong).toEqual([]);
    },
    longMs,
  );
});
