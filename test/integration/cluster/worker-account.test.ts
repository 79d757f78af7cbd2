import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ProfileQueue, Queues, WorkerAccess, RedisWorkerLine, redisKeys } from '@remuda/redis';
import { commandsOf as rawOf, connectRaw, reportScript, type RawConnection } from '@remuda/redis/testing';
import { ManualClock } from '@remuda/testing';
import { assignJob, worker } from '../redis/assign-job.js';
import { startRedis, type TestRedis } from '../redis.js';

const keys = redisKeys('t');
const clock = new ManualClock(Date.now());
const out = keys.workerOut(worker);
const ticket = (name: string): string => keys.ticket(worker, name);

/** What the account may do: which command on which of the worker's keys. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  xadd: [out],
  xlen: [out],
  'memory|usage': [out],
  xread: [keys.workerControl(worker)],
  set: [keys.workerScreen(worker)],
  bzpopmin: [ticket('marker')],
  lindex: [ticket('active')],
  lrem: [ticket('active')],
  hget: ['marker', 'active', 'wait', 'j-1.1', 'j-1.1:lock'].map(ticket),
  del: ['marker', 'active', 'wait', 'j-1.1', 'j-1.1:lock'].map(ticket),
};
const withoutKeys = ['client|setname', 'info'];
/** Redis lets everybody call these, whatever the account says. */
const open = ['auth', 'hello', 'quit', 'reset'];
const names = [
  ...[out, keys.workerControl(worker), keys.workerScreen(worker)],
  ...['marker', 'active', 'wait', 'j-1.1', 'j-1.1:lock'].map(ticket),
];

let server: TestRedis;
let admin: RawConnection;
let url: string;

beforeAll(async () => {
  server = await startRedis();
  admin = connectRaw(server.url, { name: 'admin' });
  const { username, password } = await new WorkerAccess(admin, keys).grant(worker);
  url = server.url.replace('//', `//${username}:${password}@`);
});
afterAll(async () => {
  admin.disconnect();
  await server.close();
});

interface Command {
  readonly name: string;
  readonly words: readonly string[];
  readonly args: number;
}

/** Every command that this server knows, with the least number of arguments that it takes. */
async function allCommands(): Promise<readonly Command[]> {
  const names = (await admin.call('COMMAND', 'LIST')) as string[];
  const infos = (await admin.call('COMMAND', 'INFO', ...names)) as unknown[][];
  return infos.flatMap(commandsOf);
}

function commandsOf(info: readonly unknown[]): readonly Command[] {
  const [name, arity, ...rest] = info as [string, number, ...unknown[]];
  const subcommands = rest[7] as unknown[][];
  const words = name.split('|');
  if (subcommands.length > 0) return subcommands.flatMap(commandsOf);
  return [{ name, words, args: Math.abs(arity) - words.length }];
}

/** Whether the server would let the account do it; it is not done. */
async function lets(command: Command, argument: string): Promise<boolean> {
  const { name, args: count } = command;
  const args = name === 'xread' ? ['STREAMS', argument, '0'] : Array.from({ length: count }, () => argument);
  const said = await admin.call('ACL', 'DRYRUN', `remuda-${worker}`, ...command.words, ...args);
  return String(said) === 'OK';
}

test('of all commands that the server knows, on all of its keys, the account may do those of the table only', async () => {
  const commands = await allCommands();
  expect(commands.length).toBeGreaterThan(300);
  const found: Record<string, readonly string[]> = {};
  for (const command of commands) {
    const those = [];
    for (const name of [...names, keys.job('j-1'), 'x']) if (await lets(command, name)) those.push(name);
    if (those.length > 0) found[command.name] = those;
  }
  const every = [...names, keys.job('j-1'), 'x'];
  const keyless = Object.fromEntries([...open, ...withoutKeys].map((name) => [name, every]));
  expect(found).toEqual({ ...allowed, ...keyless });
});

test.each([
  ['EVALSHA', reportScript.sha, '1', out],
  ['evalsha', reportScript.sha.toUpperCase(), '1', out, '1-0', 'x'],
])('of scripts it may run the one', async (...words) => {
  expect(await admin.call('ACL', 'DRYRUN', `remuda-${worker}`, ...words)).toBe('OK');
});

test.each([
  ['another script', 'EVALSHA', '0'.repeat(40), '1', out],
  ['another script without keys', 'EVALSHA', '0'.repeat(40), '0'],
  ['the script on another key', 'EVALSHA', reportScript.sha, '1', ticket('active')],
  ['the script as one that reads only', 'EVALSHA_RO', reportScript.sha, '1', out],
  ['the command for it without a hash', 'EVAL', reportScript.lua, '1', out],
])('it may not run %s', async (_what, ...words) => {
  expect(String(await admin.call('ACL', 'DRYRUN', `remuda-${worker}`, ...words))).toMatch(/no permissions/);
});

test('a worker does all that its account may, and is refused nothing', async () => {
  const queues = new Queues(connectRaw(server.url, { name: 'test' }), keys);
  const queue = new ProfileQueue(queues, 'default', 's-0');
  await queue.ready();
  const seen = new Set<string>();
  const monitor = await connectRaw(server.url, { name: 'monitor' }).monitor();
  const own = new Set<string>();
  const all: { readonly source: string; readonly words: readonly string[] }[] = [];
  monitor.on('monitor', (_time: string, words: string[], source: string) => all.push({ source, words }));
  await admin.call('ACL', 'LOG', 'RESET');

  const line = new RedisWorkerLine(() => connectRaw(url, { name: worker }), keys, worker);
  await line.probe();
  const taken: string[] = [];
  line.open({
    carryOut: ({ job }) => Promise.resolve(void taken.push(job)),
    refuse: () => Promise.resolve(),
    onControl: () => undefined,
  });
  await assignJob({ queues, queue, clock }, 'j-1');
  await vi.waitFor(() => expect(taken).toEqual(['j-1']));
  await line.say({ kind: 'heartbeat', phase: 'idle', rssMb: 1 });
  await line.show({ at: 1, asked: 1, text: 'a screen' });
  await admin.config('SET', 'maxmemory', '1');
  await line.say({ kind: 'heartbeat', phase: 'idle', rssMb: 2 });
  await admin.config('SET', 'maxmemory', '0');
  await vi.waitFor(async () => expect(await rawOf(queues.connection).llen(ticket('active'))).toBe(0));
  for (const client of String(await admin.client('LIST')).split('\n'))
    if (client.includes(`user=remuda-${worker}`)) own.add(/ addr=(\S+)/.exec(client)?.[1] ?? '');
  await line.close();

  for (const { source, words } of all) if (own.has(source)) seen.add(nameOf(words));
  expect(await admin.call('ACL', 'LOG')).toEqual([]);
  const unseen = ['memory|usage', 'hello', 'auth', 'quit', 'reset'];
  const expected = [...Object.keys(allowed), ...withoutKeys, 'evalsha'].filter((name) => !unseen.includes(name));
  expect([...seen].filter((name) => !unseen.includes(name)).sort()).toEqual(expected.sort());
  monitor.disconnect();
  await queue.close();
  await queues.close();
  queues.connection.close();
});

function nameOf([first = '', second = '']: readonly string[]): string {
  const name = first.toLowerCase();
  return ['client', 'memory'].includes(name) ? `${name}|${second.toLowerCase()}` : name;
}

test('where Redis is full a worker goes on saying what it has to say, and no more than that', async () => {
  const fat = connectRaw(url, { name: worker });
  const used = async () => Number(/used_memory_dataset:(\d+)/.exec(await admin.info('memory'))?.[1]);
  const say = (id: number): Promise<unknown> =>
    fat.evalsha(reportScript.sha, 1, out, `${String(id)}-0`, 'x'.repeat(1_000_000));
  await admin.del(out);
  const before = await used();
  await admin.config('SET', 'maxmemory', '1');
  try {
    let said = 0;
    await expect(
      (async () => {
        while (said < 1_000) await say(++said);
      })(),
    ).rejects.toThrow(/^OOM/);
    expect(said).toBeGreaterThan(20);
    expect((await used()) - before).toBeLessThan(40_000_000);
    await expect(fat.evalsha(reportScript.sha, 1, out, '5000-0', 'x'.repeat(40_000_000))).rejects.toThrow(/^OOM/);
    await admin.xtrim(out, 'MAXLEN', 5);
    await say(1_001);
  } finally {
    await admin.config('SET', 'maxmemory', '0');
    fat.disconnect();
  }
});

test('a report that has no room waits until the relay has made some', async () => {
  const line = new RedisWorkerLine(() => connectRaw(url, { name: worker }), keys, worker);
  await admin.del(out);
  await admin.xadd(out, '0-1', 'd', 'x'.repeat(40_000_000));
  await admin.config('RESETSTAT');
  await admin.config('SET', 'maxmemory', '1');
  try {
    const waiting = line.say({ kind: 'heartbeat', phase: 'idle', rssMb: 1 });
    await expect.poll(() => admin.info('commandstats')).toMatch(/cmdstat_evalsha:.*failed_calls=[1-9]/);
    await admin.xtrim(out, 'MAXLEN', 0);
    await waiting;
    expect(await admin.xrange(out, '-', '+')).toMatchObject([['1-0', ['d', expect.stringContaining('"rssMb":1')]]]);
  } finally {
    await admin.config('SET', 'maxmemory', '0');
    await line.close();
  }
});
