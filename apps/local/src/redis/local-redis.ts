import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { connectRedis } from '@remuda/redis';
import { RemudaError } from '@remuda/domain';
import { freePort } from '../cluster/free-port.js';
import { startProcess, lastLines, type KeptProcess } from '../cluster/kept-process.js';
import { findRedisFacts, findServer } from './redis-facts.js';
import { installRedis } from './redis-install.js';
import { adviseRedis, planRedis, redisImage, type RedisWay } from './redis-plan.js';

/** Options of starting a Redis. */
export interface RedisOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder for its data and log; the caller removes it. */
  readonly dir: string;
  /** Called with each step, in a few words. */
  readonly say: (line: string) => void;
}

/** A Redis that answers. */
export interface LocalRedis {
  readonly url: string;
  /** Whether it is the user's own, which existed before and stays. */
  readonly given: boolean;
  /** Settles when it ends unexpectedly; never for a given one. */
  readonly ended: Promise<string>;
  /** Stops it, unless it is a given one. */
  stop(): Promise<void>;
}

/** Time for the scheduler to drain and the bridge to finish if their parent was killed. */
const lingerMs = 15_000;
const firstAnswerMs = { given: 5_000, server: 15_000, docker: 180_000 };

/** Finds or starts a Redis in the first way that works; rejects with `redis.unavailable` and advice if none does. */
export async function openRedis(options: RedisOptions): Promise<LocalRedis> {
  const facts = await findRedisFacts(options.env);
  const reasons: string[] = [];
  for (const way of planRedis(facts)) {
    try {
      return await goWay(way, options);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (way.kind === 'given')
        throw new RemudaError('redis.unavailable', `REMUDA_REDIS_URL: ${reason}`, { cause: error });
      options.say(`Redis by ${way.kind}: ${reason}`);
      reasons.push(reason);
    }
  }
  throw new RemudaError('redis.unavailable', adviseRedis(facts), { cause: reasons });
}

async function goWay(way: RedisWay, options: RedisOptions): Promise<LocalRedis> {
  switch (way.kind) {
    case 'given':
      await firstAnswer(way.url, firstAnswerMs.given);
      return { url: way.url, given: true, ended: new Promise(() => undefined), stop: () => Promise.resolve() };
    case 'server':
      return startServer(way.path, options);
    case 'docker':
      return startInDocker(options);
    case 'install': {
      await installRedis(way, options);
      const path = await findServer(options.env);
      if (path === undefined) throw new Error(`${way.manager} left no redis-server on PATH`);
      return startServer(path, options);
    }
  }
}

async function startServer(path: string, options: RedisOptions): Promise<LocalRedis> {
  const dir = join(options.dir, 'redis');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const port = await freePort();
  const password = randomBytes(24).toString('hex');
  const config = [`port ${port}`, 'bind 127.0.0.1', `dir "${dir}"`, ...settings(password)];
  return keep({ program: path, args: ['-'], config, port, password, limitMs: firstAnswerMs.server }, options);
}

async function startInDocker(options: RedisOptions): Promise<LocalRedis> {
  const port = await freePort();
  const password = randomBytes(24).toString('hex');
  const name = `remuda-redis-${randomBytes(4).toString('hex')}`;
  options.say(`starting ${redisImage} in Docker`);
  const args = ['run', '--rm', '-i', '--name', name, '-p', `127.0.0.1:${port}:6379`, redisImage, 'redis-server', '-'];
  const config = ['bind 0.0.0.0', ...settings(password)];
  try {
    return await keep({ program: 'docker', args, config, port, password, limitMs: firstAnswerMs.docker }, options);
  } catch (error) {
    spawnSync('docker', ['rm', '-f', name], { stdio: 'ignore' });
    throw error;
  }
}

/** Nothing accepted is lost (append-only file, no eviction), and nobody else on this machine can connect. */
function settings(password: string): readonly string[] {
  return [
    'daemonize no',
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'maxmemory-policy noeviction',
    // Otherwise a job's record would be stored as a hash table because of its two long fields.
    'hash-max-listpack-value 1024',
    `requirepass ${password}`,
  ];
}

interface RedisProcess {
  readonly program: string;
  readonly args: readonly string[];
  readonly config: readonly string[];
  readonly port: number;
  readonly password: string;
  readonly limitMs: number;
}

async function keep(plan: RedisProcess, { dir, env }: RedisOptions): Promise<LocalRedis> {
  const redis = startProcess({
    name: 'redis',
    run: { program: plan.program, lingerMs },
    args: plan.args,
    input: `${plan.config.join('\n')}\n`,
    env,
    log: join(dir, 'redis.log'),
  });
  const url = `redis://:${plan.password}@127.0.0.1:${plan.port}`;
  try {
    await Promise.race([firstAnswer(url, plan.limitMs), failWhenEnded(redis)]);
  } catch (error) {
    await redis.stop(1_000);
    throw error;
  }
  return { url, given: false, ended: redis.ended, stop: () => redis.stop(10_000) };
}

async function failWhenEnded(redis: KeptProcess): Promise<never> {
  throw new Error(`${await redis.ended}: ${await lastLines(redis.log, 3)}`);
}

async function firstAnswer(url: string, limitMs: number): Promise<void> {
  const redis = connectRedis(url, { name: 'remuda-local' });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${limitMs / 1_000} s`));
    }, limitMs);
  });
  try {
    await Promise.race([redis.ping(), late]);
  } finally {
    clearTimeout(timer);
    redis.close();
  }
}
