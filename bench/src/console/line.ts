import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { noUsage } from '@remuda/domain';
import { redisKeys } from '@remuda/redis';
import { connectRaw } from '@remuda/redis/testing';
import { chromium, type Browser } from 'playwright-core';
import { spreadOf, type Figure, type Line } from '../figure.js';
import { part } from '../parts/cluster.js';
import { Member } from '../parts/member.js';
import { startOwnRedis } from '../parts/own-redis.js';

const [rounds, events, batchOf] = [7, 1_000, 10];
const namespace = 'bench';
const id = 'j-00000000-0000-4000-8000-000000000000';
const scripts = join(import.meta.dirname, '../../../apps/console/dist/page/console');
const executablePath = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((path) => existsSync(path));

/** The console: what a browser loads, and how soon a long job is seen. */
export const consolePage: Line = {
  name: 'console',
  about: `the page of a job with ${events} events in a real Chromium`,
  run: async (stage) => {
    const size = { what: 'scripts, compressed', value: spreadOf([scriptBytes() / 1_000]), unit: 'KB' } as const;
    const figures: Figure[] = [{ ...size, target: { atMost: 200 } }];
    if (executablePath === undefined) return { figures, notes: ['No Chromium: nothing was opened.'] };
    await using redis = await startOwnRedis(stage);
    await writeJob(redis.url);
    const api = Member.start(part('api'), [redis.url, namespace, '']);
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
    try {
      const url = `${await api.ask<string>({ what: 'url' })}/#/jobs/${id}`;
      await open(browser, url);
      const looks: Look[] = [];
      for (let round = 0; round < rounds; round++) looks.push(await open(browser, url));
      const times = (of: keyof Look) => ({ value: spreadOf(looks.map((look) => look[of])), unit: 'ms' }) as const;
      figures.push({ what: 'first rows of the timeline on screen', ...times('firstMs'), target: { atMost: 1_000 } });
      figures.push({ what: `all ${events} events in the page`, ...times('allMs') });
      figures.push({ what: 'longest time without a frame until then', ...times('stutterMs') });
    } finally {
      await browser.close();
      await api.end();
    }
    const note = `From the navigation, with an empty cache each time; a third of the events are Markdown texts, the rest calls of tools and what they returned.`;
    return { figures, notes: [note] };
  },
};

function scriptBytes(): number {
  const names = readdirSync(scripts).filter((name) => name.endsWith('.js'));
  return names.reduce((sum, name) => sum + gzipSync(readFileSync(join(scripts, name)), { level: 9 }).length, 0);
}

interface Look {
  readonly firstMs: number;
  readonly allMs: number;
  readonly stutterMs: number;
}

/** Runs in the page: notes at each frame how far the timeline is, and tells when all of it is there. */
const watch = `{
  const look = { firstMs: 0, allMs: 0, stutterMs: 0 };
  let last = 0;
  const frame = () => {
    const now = performance.now();
    const rows = document.querySelectorAll('.timeline li').length;
    if (rows > 0 && look.firstMs === 0) look.firstMs = now;
    if (last > 0) look.stutterMs = Math.max(look.stutterMs, now - last);
    last = now;
    if (document.querySelector('.note-good')) tell({ ...look, allMs: now });
    else requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}`;

async function open(browser: Browser, url: string): Promise<Look> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 820 } });
  const page = await context.newPage();
  const told = new Promise<Look>((resolve) => void page.exposeFunction('tell', resolve));
  await page.addInitScript(watch);
  await page.goto(url);
  const look = await told;
  await context.close();
  return look;
}

/** A job that is over, as the scripts that end one leave it. */
async function writeJob(redisUrl: string): Promise<void> {
  const redis = connectRaw(redisUrl, { name: 'bench-console' });
  const keys = redisKeys(namespace);
  const now = Date.now();
  const spec = { profile: 'default', workspace: { kind: 'empty' }, priority: 5, timeoutMs: 60_000, attempts: 3 };
  const whole = JSON.stringify({ ...spec, deltas: false, labels: {}, metadata: {} });
  const record = { state: 'succeeded', profile: 'default', queuedAt: now, overAt: now, seq: events };
  await redis.hset(keys.job(id), { ...record, attempt: 1, lease: 1, bytes: 1, spec: whole, labels: '[]' });
  await redis.set(keys.result(id), JSON.stringify({ text: 'done', turns: 1, usage: noUsage, costUsd: 0.01 }));
  await redis.zadd(keys.jobs, now, id);
  for (let first = 1; first <= events; first += batchOf) {
    const batch = Array.from({ length: batchOf }, (_none, at) => eventOf(first + at, now));
    const last = `${first + batchOf - 1}-0`;
    await redis.xadd(keys.events(id), last, 'n', batchOf, 'a', 1, 'd', JSON.stringify(batch));
  }
  redis.disconnect();
}

function eventOf(number: number, at: number): object {
  if (number === events) return { type: 'job.over', at, data: { state: 'succeeded', costUsd: 0.01, turns: 1 } };
  const call = `call-${Math.floor(number / 3)}`;
  const text = `Part ${number}: the rule is in \`src/herd.js\`, and **nobody asks** whether a horse is lame.\n\n- one\n- two`;
  const input = { command: 'node --test', description: 'Run the tests' };
  const kinds = [
    { type: 'message.text', at, data: { text } },
    { type: 'tool.called', at, data: { id: call, name: 'Bash', input } },
    { type: 'tool.returned', at, data: { id: call, ok: true, output: 'x'.repeat(600) } },
  ];
  return kinds[number % 3] ?? {};
}
