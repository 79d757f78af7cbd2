// The worker's own account at Redis, as if its password had leaked: what lies beyond the worker's own keys.
import { every, held, broken, attack, say, told } from './attack.mjs';
import { open, slipIn } from './redis.mjs';

const { account, namespace, worker, victim, ended } = told;
const key = (name) => `{${namespace}}:${name}`;
const out = key(`wk:${worker}:out`);

/** A connection under the stolen account. */
async function login() {
  const redis = await open();
  await redis.send('AUTH', account.username, account.password);
  return redis;
}

const redis = await login();
const send = (...words) => redis.send(...words);
/** Several commands, each of which has to be refused. */
const refused = (id, commands) =>
  every(
    id,
    Object.fromEntries(
      commands.map((words, n) => [
        `${words.slice(0, 2).join(' ').slice(0, 24)}#${n}`,
        async () => JSON.stringify(await send(...words)).slice(0, 80),
      ]),
    ),
  );

const length = await send('XLEN', out);
say(
  'control.account',
  length > 0 ? held(`logged in as ${account.username}, ${length} entries of its own`) : broken('it has no account'),
);

const records = [key(`job:${victim.job}`), key(`worker:${victim.worker}`), key('counters'), key('relay:cursors')];
await refused('redis.other_keys', [
  ...records.flatMap((name) => [
    ['HGETALL', name],
    ['TYPE', name],
    ['EXISTS', name],
    ['OBJECT', 'ENCODING', name],
    ['DUMP', name],
    ['HSET', name, 'x', '1'],
    ['DEL', name],
    ['EXPIRE', name, '1'],
  ]),
  ...[
    ['GET', key(`job:${victim.job}:prompt`)],
    ['SMEMBERS', key('workers')],
    ['ZRANGE', key('jobs'), '0', '-1'],
  ],
  ...[
    ['HGETALL', key(`bridge:${'0'.repeat(64)}`)],
    ['HSET', key(`bridge:${'0'.repeat(64)}`), 'job', victim.job],
    ['SET', key('pool:default:leader'), 'me'],
    ['GET', 'x'],
    ['SET', 'x', '1'],
  ],
  ...[
    ['GET', key(`wk:${worker}`)],
    ['SET', key(`wk:${worker}x:out`), '1'],
    ['SET', key(`wk:${worker.slice(0, -1)}:x`), '1'],
  ],
]);
await refused('redis.other_queue', [
  ['LRANGE', key('jobs.victim:wait'), '0', '-1'],
  ['LRANGE', key('jobs.victim:active'), '0', '-1'],
  ['HGETALL', key(`jobs.victim:${victim.job}`)],
  ['LPUSH', key('jobs.victim:wait'), 'x'],
  ['HSET', key('jobs.victim:meta'), 'paused', '1'],
  ['DEL', key(`jobs.victim:${victim.job}:lock`)],
  ['LPUSH', key(`worker.${victim.worker}:wait`), 'x'],
  ['LRANGE', key(`worker.${victim.worker}:active`), '0', '-1'],
  ['HGETALL', key(`worker.${victim.worker}:${victim.job}`)],
]);
const events = key(`job:${victim.job}:events`);
await refused('redis.other_events', [
  ['XRANGE', events, '-', '+'],
  ['XREAD', 'COUNT', '1', 'STREAMS', events, '0-0'],
  ['XREAD', 'COUNT', '1', 'STREAMS', out, events, '0-0', '0-0'],
  ['XLEN', events],
  ['XINFO', 'STREAM', events],
  ['GET', key(`job:${victim.job}:result`)],
  ['GET', key(`job:${ended.job}:result`)],
  ['XRANGE', key(`job:${ended.job}:events`), '-', '+'],
]);
const streams = [key(`wk:${victim.worker}:out`), key(`wk:${victim.worker}:control`), events];
await refused(
  'redis.other_streams',
  streams.flatMap((name) => [
    ['XTRIM', name, 'MAXLEN', '0'],
    ['XDEL', name, '1-0'],
    ['DEL', name],
    ['UNLINK', name],
    ['XSETID', name, '99999-0'],
    ['XGROUP', 'CREATE', name, 'g', '0'],
    ['RENAME', name, key(`wk:${worker}:x`)],
  ]),
);
await refused('redis.other_control', [
  [
    'XADD',
    key(`wk:${victim.worker}:control`),
    '*',
    'd',
    JSON.stringify({ kind: 'cancel', job: victim.job, lease: victim.lease }),
  ],
  ['XADD', key(`wk:${victim.worker}:control`), '*', 'd', '{"kind":"drain"}'],
  ['XADD', key(`wk:${victim.worker}:out`), '*', 'd', '{"kind":"phase","phase":"draining"}'],
]);
await refused('redis.publish', [
  ['PUBLISH', key('wake'), 'default'],
  ['SPUBLISH', key('wake'), 'default'],
  ['SUBSCRIBE', key('wake')],
  ['PSUBSCRIBE', '*'],
  ['SSUBSCRIBE', key('wake')],
  ['SUBSCRIBE', '__keyspace@0__:x'],
]);
await refused('redis.destroy', [
  ['FLUSHALL'],
  ['FLUSHDB'],
  ['SWAPDB', '0', '1'],
  ['SHUTDOWN', 'NOSAVE'],
  ['DEBUG', 'SLEEP', '0'],
  ['RESTORE', key(`wk:${worker}:x`), '0', 'x'],
  ['REPLICAOF', 'NO', 'ONE'],
  ['FAILOVER'],
]);
await refused('redis.config', [
  ...[
    ['CONFIG', 'GET', '*'],
    ['CONFIG', 'SET', 'dir', '/tmp'],
    ['CONFIG', 'REWRITE'],
    ['CONFIG', 'RESETSTAT'],
    ['MODULE', 'LIST'],
    ['MODULE', 'LOAD', '/tmp/x.so'],
  ],
  ...[
    ['SAVE'],
    ['BGSAVE'],
    ['BGREWRITEAOF'],
    ['LASTSAVE'],
    ['MIGRATE', '127.0.0.1', '1', 'x', '0', '1'],
    ['SLAVEOF', '127.0.0.1', '1'],
    ['ROLE'],
    ['CLUSTER', 'INFO'],
  ],
]);
await refused('redis.accounts', [
  ...[
    ['ACL', 'LIST'],
    ['ACL', 'USERS'],
    ['ACL', 'GETUSER', 'default'],
    ['ACL', 'SETUSER', account.username, 'allkeys'],
    ['ACL', 'DELUSER', `remuda-${victim.worker}`],
  ],
  ...[
    ['ACL', 'LOG'],
    ['ACL', 'SAVE'],
    ['ACL', 'LOAD'],
    ['AUTH', 'default', ''],
    ['AUTH', `remuda-${victim.worker}`, account.password],
    ['HELLO', '3', 'AUTH', 'default', ''],
  ],
]);
await refused('redis.walk', [['KEYS', '*'], ['SCAN', '0'], ['SCAN', '0', 'TYPE', 'stream'], ['RANDOMKEY']]);
await refused('redis.watch', [
  ['MONITOR'],
  ['CLIENT', 'LIST'],
  ['CLIENT', 'KILL', 'TYPE', 'normal'],
  ['CLIENT', 'PAUSE', '1'],
  ['CLIENT', 'UNBLOCK', '1'],
  ['SLOWLOG', 'GET'],
  ['LATENCY', 'LATEST'],
  ['PSYNC', '?', '-1'],
  ['SYNC'],
]);
await refused('redis.functions', [
  ['SCRIPT', 'FLUSH'],
  ['SCRIPT', 'FLUSH', 'ASYNC'],
  ['FUNCTION', 'LOAD', "#!lua name=x\nredis.register_function('x', function() return 1 end)"],
  ['FUNCTION', 'FLUSH'],
  ['FUNCTION', 'LIST'],
  ['FUNCTION', 'KILL'],
  ['FCALL', 'x', '0'],
]);
await refused('redis.eval_other_keys', [
  ['EVAL', `return redis.call('HGETALL', '${records[0]}')`, '0'],
  ['EVAL', `return redis.call('HGETALL', KEYS[1])`, '1', records[0]],
  ['EVAL_RO', `return redis.call('HGETALL', '${records[0]}')`, '0'],
  ['EVAL', `return redis.call('XADD', '${key(`wk:${victim.worker}:control`)}', '*', 'd', 'x')`, '0'],
  ['EVAL', `return redis.call('PUBLISH', '${key('wake')}', 'x')`, '0'],
  ['EVAL', `return redis.call('KEYS', '*')`, '0'],
  ['EVAL', `return redis.call('CONFIG', 'GET', '*')`, '0'],
  ['EVAL', `return redis.call('FLUSHALL')`, '0'],
]);
await refused('redis.eval_escape', [
  ['EVAL', `return os.execute('id')`, '0'],
  ['EVAL', `return io.open('/etc/passwd'):read('*a')`, '0'],
  ['EVAL', `return loadfile('/etc/passwd')`, '0'],
  ['EVAL', `return require('os')`, '0'],
  ['EVAL', `local f = package.loadlib('/lib/x86_64-linux-gnu/liblua5.1.so.0', 'luaopen_io'); return f()`, '0'],
  ['EVAL', `redis.call = nil; return 1`, '0'],
]);
const own = key(`worker.${worker}:mine`);
await refused('redis.copies', [
  ['SORT', own, 'BY', 'nosort', 'GET', key('job:*->state')],
  ['SORT_RO', own, 'BY', 'nosort', 'GET', key('job:*:prompt')],
  ['SORT', own, 'STORE', key('jobs')],
  ['COPY', records[0], own],
  ['COPY', own, records[0], 'REPLACE'],
  ['RENAME', own, key('jobs')],
  ['SUNIONSTORE', own, key('workers')],
  ['SMOVE', own, key('workers'), victim.job],
  ['LMOVE', key('jobs.victim:wait'), own, 'LEFT', 'LEFT'],
  ['PFMERGE', own, key('jobs')],
  ['BITOP', 'NOT', own, records[0]],
]);
await refused('redis.transaction', [['MULTI'], ['WATCH', records[0]], ['EXEC'], ['DISCARD']]);
await refused('redis.long_commands', [
  ['LCS', own, own],
  ['SORT', own],
  ['SINTER', own, own],
  ['ZUNION', '2', own, own],
  ['BITCOUNT', own],
  ['PFCOUNT', own, own],
  ['LPOS', key(`worker.${worker}:active`), 'x', 'RANK', '-1'],
  ['XRANGE', out, '-', '+'],
  ['WAIT', '1', '0'],
]);
await refused('redis.other_database', [
  ['SELECT', '5'],
  ['MOVE', own, '5'],
  ['COPY', own, own, 'DB', '5'],
  ['SWAPDB', '0', '5'],
]);
await refused('redis.own_names', [
  ...[own, key(`wk:${worker}:mine`), key(`worker.${worker}:active`), key(`wk:${worker}:control`)].flatMap((name) => [
    ['SET', name, 'x'],
    ['APPEND', name, 'x'],
    ['SETRANGE', name, '67108864', 'x'],
    ['HSET', name, 'x', '1'],
    ['LPUSH', name, 'x'],
    ['SADD', name, 'x'],
    ['ZADD', name, '1', 'x'],
    ['XADD', name, '*', 'd', 'x'],
    ['EXPIRE', name, '1'],
    ['PERSIST', name],
  ]),
  ['DEL', out],
  ['RENAME', own, out],
]);
await refused('redis.other_scripts', [
  ['EVALSHA', '0'.repeat(40), '1', out],
  ['EVALSHA', '0'.repeat(40), '0'],
  ['EVALSHA_RO', '0'.repeat(40), '1', out],
  ['FCALL_RO', 'x', '0'],
  ['SCRIPT', 'EXISTS', '0'.repeat(40)],
]);

await attack('redis.tracking', async () => {
  const ear = await login();
  await ear.send('HELLO', '3');
  const said = await ear.send('CLIENT', 'TRACKING', 'ON', 'BCAST').catch((error) => error.code);
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  await ear.send('XLEN', out);
  const names = ear.pushed.flatMap(([, keys]) => keys ?? []).filter((name) => !name.includes(worker));
  ear.close();
  return names.length === 0
    ? held(`no name of another key was heard: ${said}`)
    : broken(`heard ${names.length} names of others, like ${names[0]}`);
});

const succeeded = {
  kind: 'succeeded',
  result: {
    text: 'forged',
    turns: 1,
    costUsd: 0,
    usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 },
  },
};
const event = (type, data) => ({ type, at: Date.now(), data });
// said on the worker's own stream; the test looks at what became of it
const ticket = await send('LINDEX', key(`worker.${worker}:active`), -1);
const { job, lease } = JSON.parse(await send('HGET', key(`worker.${worker}:${ticket}`), 'data'));
const theirs = { job: victim.job, lease: victim.lease };
const reports = [
  { kind: 'outcome', ...theirs, outcome: succeeded },
  { kind: 'started', ...theirs, at: Date.now() },
  { kind: 'events', ...theirs, events: [event('message.text', { text: 'forged' })] },
  { kind: 'outcome', job: ended.job, lease: ended.lease, outcome: succeeded },
  { kind: 'outcome', job, lease: lease - 1 || 999, outcome: succeeded },
  { kind: 'outcome', job, lease: lease + 1, outcome: succeeded },
  { kind: 'outcome', job, lease: String(lease), outcome: succeeded },
  { kind: 'events', job, lease, events: [event('job.over', { state: 'succeeded' })] },
  { kind: 'events', job, lease, events: [event('stream.gap', { firstHeld: 1, missed: 9 })] },
];
await slipIn(redis, out, JSON.stringify(reports));
await slipIn(
  redis,
  out,
  '[null, 1, "x", {}, [], {"kind":"king"}, {"kind":"phase","phase":"king"}, {"__proto__":{"x":1}}, {"kind":"outcome","job":"x","lease":1e999}]',
);
await slipIn(redis, out, '{\u0000');
console.log('##{"said":true}');
process.exit(0);
