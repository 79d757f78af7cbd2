import { script } from '@remuda/scripted-model';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCluster, type TestCluster } from '../../e2e/harness/cluster.js';
import { serveOverHttp, type GitOverHttp } from '../../git-over-http.js';
import { startGitService, type GitService } from '../../git-service.js';
import { expectAccessible } from './accessible.js';
import { chromiumPath, startChromium } from './chromium.js';
import { takePicture } from './pictures.js';

const files = { 'src/stable.js': 'export const stalls = 4;\n' };
const change = script(
  {
    tools: [
      {
        name: 'Bash',
        input: {
          command: `sed -i 's/4/6/' src/stable.js && git commit -qam 'Make room for two more horses'`,
          description: 'Change the number of stalls',
        },
      },
    ],
  },
  { text: 'There are six stalls now.' },
);

describe.skipIf(chromiumPath === undefined)('the changes of a job that were pushed', () => {
  let server: GitOverHttp;
  let service: GitService;
  let cluster: TestCluster;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    [server, service, browser] = await Promise.all([serveOverHttp(files), startGitService(), startChromium()]);
    const place = `${server.origin.replace('://', `://${server.user}:${encodeURIComponent(server.token)}@`)}/team/`;
    const services = `${new URL(server.origin).host}=github@${service.origin}`;
    const env = { REMUDA_SECRET_PUSH_TEAM: place, REMUDA_GIT_SERVICES: services };
    cluster = await startCluster({ runtime: 'process', warm: 1, env });
    page = await browser.newPage({ viewport: { width: 1280, height: 820 }, reducedMotion: 'reduce' });
  });
  afterAll(async () => {
    await browser.close();
    await cluster.stop();
    await service.close();
    await server[Symbol.asyncDispose]();
  });

  /** Submits a job that pushes to this branch, waits for its end, and shows what it has changed. */
  async function pushed(branch: string): Promise<string> {
    const id = await cluster.api.submit({
      prompt: change,
      metadata: { title: 'Make room for two more horses' },
      workspace: { kind: 'git', url: server.url, ref: 'main' },
      git: { push: { branch, credential: 'PUSH_TEAM', pullRequest: { title: 'Make room for two more horses' } } },
    });
    expect(await cluster.api.over(id)).toMatchObject({ state: 'succeeded' });
    await page.goto(`${cluster.apiUrl}/#/jobs/${id}/changes`);
    await page.locator('.line-added', { hasText: 'stalls = 6' }).waitFor();
    return id;
  }

  const link = (name: RegExp) => page.getByRole('main').getByRole('link', { name });

  test('are shown with links to the branch and to its pull request, which tell them nothing of this page', async () => {
    service.keeps('github');
    await pushed('remuda/stalls');
    expect(await page.getByText(/^Pushed to remuda\/stalls: .*Pull request 1: /).count()).toBe(1);
    for (const [name, href] of [
      [/remuda\/stalls$/, `${server.origin}/team/project/tree/remuda/stalls`],
      [/^https:\/\/host\.example/, 'https://host.example/1'],
    ] as const) {
      const shown = link(name);
      expect(await shown.getAttribute('href')).toBe(href);
      expect(await shown.getAttribute('rel')).toBe('noreferrer');
      expect(await shown.getAttribute('target')).toBe('_blank');
    }
    await expectAccessible(page);
    await page.setViewportSize({ width: 1280, height: 820 });
    await takePicture(page, 'changes-pushed');
  });

  test('say why no pull request was opened, and why nothing was pushed', async () => {
    service.answer = (_came, response) => void response.writeHead(403).end();
    await pushed('remuda/closed');
    expect(await page.getByText(/^Pushed to remuda\/closed: .*No pull request was opened: ./).count()).toBe(1);
    server.git('branch', 'taken', server.git('commit-tree', '-m', 'elsewhere', 'main^{tree}'));
    await pushed('taken');
    expect(await page.getByText(/^Nothing was pushed to taken: ./).count()).toBe(1);
    expect(await link(/./).filter({ hasText: 'http' }).count()).toBe(0);
    await expectAccessible(page);
  });

  test('lead nowhere but to web pages, whatever a container says', async () => {
    service.keeps('github');
    await page.route('**/result', async (route) => {
      const answer = (await (await route.fetch()).json()) as { git: { push: { url: string; pullRequest: object } } };
      Object.assign(answer.git.push, { url: 'javascript:window.pwned=1' });
      Object.assign(answer.git.push.pullRequest, { url: 'data:text/html,<script>window.pwned=1</script>' });
      await route.fulfill({ json: answer });
    });
    await pushed('remuda/odd');
    await page.getByText('javascript:window.pwned=1').waitFor();
    expect(await page.locator('main a[href^="javascript"], main a[href^="data"], main script').count()).toBe(0);
  });
});
