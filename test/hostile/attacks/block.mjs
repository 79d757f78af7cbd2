// With the stolen account: what takes Redis, or the scheduler, from all others. Every attack here has its own bound.
import { told, attack, broken, held } from './attack.mjs';
import { lastNumber, open, sayAfter } from './redis.mjs';

const { account, namespace, worker } = told;
const key = (name) => `{${namespace}}:${name}`;
const out = key(`wk:${worker}:out`);
const login = async () => {
  const redis = await open();
  await redis.send('AUTH', account.username, account.password);
  return redis;
};
const redis = await login();

/** How long one call of it took, in ms: so long nobody else was served. */
const took = async (words) => {
  const since = performance.now();
  const said = await redis.send(...words).catch((error) => error.message);
  return { ms: Math.round(performance.now() - since), said };
};
const spin = (first) =>
  `${first} local t = redis.call('TIME'); repeat local n = redis.call('TIME') until (n[1] - t[1]) * 1e6 + (n[2] - t[2]) > 3e6 return 'span'`;

if (told.part === 'eval') {
  await attack('redis.eval_block', async () => {
    const { ms, said } = await took(['EVAL', spin(''), 0]);
    return ms < 1_500 ? held(`${ms} ms: ${said}`) : broken(`Redis stood still for ${ms} ms`);
  });
  await attack('redis.eval_block_after_write', async () => {
    const { ms, said } = await took(['EVAL', spin(`redis.call('SET', KEYS[1], 1)`), 1, key(`wk:${worker}:x`)]);
    return ms < 1_500
      ? held(`${ms} ms: ${said}`)
      : broken(`Redis stood still for ${ms} ms, and could not have been told to stop`);
  });
}
if (told.part === 'memory')
  await attack('redis.fill', async () => {
    // the relay takes away what it has read, so the number has to be found first: by something small
    const next = await sayAfter(redis, out, await lastNumber(redis, out), 'x');
    await sayAfter(redis, out, next, 'x'.repeat(64 * 1024 * 1024));
    const grown = await redis.send('MEMORY', 'USAGE', out);
    // what the worker says under these two numbers is lost: its heartbeats are to be it, not what this prints
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    return broken(`${grown} bytes were taken, and nothing would have stopped it`);
  });
if (told.part === 'leave')
  for (const name of [`wk:${worker}:left`, `worker.${worker}:left`])
    await redis.send('SET', key(name), 'x').catch(() => undefined);
/** Entries under the worker's next numbers; what the worker itself says under them is lost. */
async function sayAll(texts) {
  let number = await lastNumber(redis, out);
  for (const text of texts) number = await sayAfter(redis, out, number, text);
}
/** What looks like reports of the job, and is none. */
function poison(job, lease) {
  const of = `"job":"${job}","lease":${lease}`;
  const deep = '{"a":'.repeat(9_000) + '1' + '}'.repeat(9_000);
  const usage = '"usage":{"inputTokens":0,"outputTokens":0,"cacheReadTokens":0,"cacheWriteTokens":0}';
  const event = (type, data, at = '1') =>
    `{"kind":"events",${of},"events":[{"type":"${type}","at":${at},"data":${data}}]}`;
  const failure = (own) =>
    `{"kind":"outcome",${of},"outcome":{"kind":"failed","failure":{"code":"engine.crashed","message":"x",${own}}}}`;
  return [
    event('message.delta', '{}'),
    event('message.text', '{"text":"x"}', '1e999'),
    event('tool.called', `{"id":"x","name":"x","input":${deep}}`),
    event('message.text', '{"text":"x"}').replace(job, `${job}:events`),
    failure('"lastLines":"x"'),
    failure('"lastLines":[{}]'),
    failure('"resetAt":1e999'),
    `{"kind":"outcome",${of},"outcome":{"kind":"succeeded","result":{"text":"x","turns":1,"costUsd":0,${usage},"structured":${deep}}}}`,
    `{"kind":"outcome",${of},"outcome":{"kind":"succeeded","result":{"text":"x","costUsd":0,"usage":{}}}}`,
    '{"kind":"heartbeat","phase":"busy","rssMb":1e999}',
  ];
}
if (['flood', 'fat', 'wrong_type', 'poison'].includes(told.part)) {
  const ticket = await redis.send('LINDEX', key(`worker.${worker}:active`), -1);
  const { job, lease } = JSON.parse(await redis.send('HGET', key(`worker.${worker}:${ticket}`), 'data'));
  const over = JSON.stringify([{ kind: 'outcome', job, lease, outcome: { kind: 'cancelled' } }]);
  // the suite has put it there, and sees that it is gone
  await redis.send('DEL', key(`worker.${worker}:begun`));
  if (told.part === 'flood') {
    const events = Array.from({ length: 100_000 }, () => ({
      type: 'message.text',
      at: 1e12,
      data: { text: 'a million' },
    }));
    await sayAll([...Array(10).fill(JSON.stringify([{ kind: 'events', job, lease, events }])), over]);
  }
  if (told.part === 'fat') await sayAll([...Array(4).fill('x'.repeat(17 * 1024 * 1024)), over]);
  if (told.part === 'poison') {
    await sayAll(poison(job, lease).map((report) => `[${report}]`));
    // No cursor can hold such a number, and whatever the worker says itself from now on is refused.
    await redis.send('XADD', out, '18446744073709551614-0', 'd', '[{"kind":"king"}]');
    await new Promise((resolve) => setTimeout(resolve, 8_000));
  }
  if (told.part === 'wrong_type') {
    for (const words of [
      ['DEL', out],
      ['SET', out, 'no stream'],
      ['RENAME', key(`worker.${worker}:meta`), out],
    ])
      await redis.send(...words).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 8_000));
  }
}
console.log('##{"done":true}');
process.exit(0);
