import { afterAll, beforeAll, expect, test } from 'vitest';
import { WorkerAccess, redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection, reportScript } from '@remuda/redis/testing';
import { startRedis, type TestRedis } from '../redis.js';

const keys = redisKeys('t');
let server: TestRedis;
let admin: RawConnection;
let worker: RawConnection;

beforeAll(async () => {
  server = await startRedis();
  admin = connectRaw(server.url, { name: 'admin' });
  const { username, password } = await new WorkerAccess(admin, keys).grant('w-1');
  worker = connectRaw(server.url.replace('//', `//${username}:${password}@`), {
    name: 'w-1',
    whileDown: 'fail',
  });
  await new Promise((resolve) => worker.once('ready', resolve));
});
afterAll(async () => {
  worker.disconnect();
  admin.disconnect();
  await server.close();
});

test('a worker may write its own stream', async () => {
  await worker.xadd(keys.workerOut('w-1'), '*', 'd', '{}');
  expect(await worker.info('server')).toContain('redis_version');
});

test.each<[string, (redis: RawConnection) => Promise<unknown>]>([
  ["another worker's stream", (redis) => redis.xadd(keys.workerOut('w-2'), '*', 'd', '{}')],
  ["another worker's queue", (redis) => redis.hgetall(`${keys.bull}:${keys.workerQueue('w-2')}:meta`)],
  [
    "a queue whose worker's name begins like its own",
    (redis) => redis.get(`${keys.bull}:${keys.workerQueue('w-10')}:id`),
  ],
  ['a job', (redis) => redis.hgetall(keys.job('j-1'))],
  ["a job's events", (redis) => redis.xadd(keys.events('j-1'), '*', 'd', '[]')],
  ['the cursors', (redis) => redis.hset(keys.relayCursors, 'w-1', '9-0')],
  ['a bridge grant', (redis) => redis.hgetall(keys.bridgeToken('x'))],
  ['its own record', (redis) => redis.hset(keys.worker('w-1'), 'phase', 'idle')],
  ['the wake channel', (redis) => redis.publish(keys.wake, 'default')],
  ['all keys', (redis) => redis.keys('*')],
  ['a scan', (redis) => redis.scan(0)],
  ['the configuration', (redis) => redis.config('GET', '*')],
  ['the accounts', (redis) => redis.acl('LIST')],
  ['the other clients', (redis) => redis.client('LIST')],
  ['a flush', (redis) => redis.flushall()],
  ['a flush of the scripts', (redis) => redis.script('FLUSH')],
  ['a script of its own', (redis) => redis.eval('return 1', 0)],
  ['a script of its own that reads only', (redis) => redis.call('EVAL_RO', 'return 1', 0)],
  ['to tell Redis a script', (redis) => redis.script('LOAD', 'return 1')],
  ['to tell Redis a function', (redis) => redis.function('LOAD', '#!lua name=x\nreturn 1')],
  ["its script on another's key", (redis) => redis.evalsha(reportScript.sha, 1, keys.workerOut('w-2'), '1-0', 'x')],
  [
    'its script on its control stream',
    (redis) => redis.evalsha(reportScript.sha, 1, keys.workerControl('w-1'), '1-0', 'x'),
  ],
  ['a transaction', (redis) => redis.multi().xlen(keys.workerOut('w-1')).exec()],
  ['what takes long', (redis) => redis.call('LCS', keys.ticket('w-1', 'a'), keys.ticket('w-1', 'b'))],
  ['a copy', (redis) => redis.call('COPY', keys.ticket('w-1', 'a'), keys.ticket('w-1', 'b'), 'DB', '3')],
  ['a key of its own naming', (redis) => redis.set(keys.ticket('w-1', 'mine'), 'x')],
  ['a ticket of its own making', (redis) => redis.lpush(keys.ticket('w-1', 'active'), 'j-1.1')],
  ['to make something else of its stream', (redis) => redis.del(keys.workerOut('w-1'))],
])('a worker is refused %s', async (_what, attempt) => {
  await expect(attempt(worker)).rejects.toThrow(/NOPERM|permission|can't access/i);
});

test('a Redis that was started again is told the workers’ script again', async () => {
  const scripts = async () => /number_of_cached_scripts:(\d+)/.exec(await admin.info('memory'))?.[1];
  await admin.script('FLUSH');
  expect(await scripts()).toBe('0');
  await new WorkerAccess(admin, keys).restore([]);
  expect(await scripts()).toBe('1');
});

test('what accounts made is removed once their workers are gone, and nothing else', async () => {
  const access = new WorkerAccess(admin, keys);
  await admin.sadd(keys.workers, 'w-1');
  const orphans = [keys.workerOut('w-gone'), `${keys.bull}:wk:w-gone:x`, `${keys.bull}:worker.w-gone:x:y`];
  const kept = [
    keys.workerOut('w-1'),
    keys.worker('w-gone'),
    keys.workers,
    `${keys.bull}:worker.`,
    '{other}:wk:w-gone:x',
  ];
  for (const key of [...orphans, ...kept]) if ((await admin.exists(key)) === 0) await admin.set(key, 'x');
  await Promise.all(Array.from({ length: 5_000 }, (_, i) => admin.set(keys.job(`j-${i}`), 'x')));
  await expect
    .poll(async () => access.forgetOrphans().then(() => admin.exists(...orphans)), { timeout: 10_000 })
    .toBe(0);
  expect(await admin.exists(...kept)).toBe(kept.length);
});

test('accounts that Redis forgot are made again, with the same password', async () => {
  const access = new WorkerAccess(admin, keys);
  await admin.acl('DELUSER', 'remuda-w-1');
  await access.restore(['w-1']);
  await expect.poll(() => worker.xlen(keys.workerOut('w-1')).catch(() => -1), { timeout: 5_000 }).toBe(1);
});

test('a revoked account is gone, and its connections with it', async () => {
  await new WorkerAccess(admin, keys).revoke('w-1');
  expect(await admin.acl('USERS')).not.toContain('remuda-w-1');
});
