// With the stolen account: says that the job is over and the worker idle, and waits for somebody else's job.
import { attack, broken, held, told } from './attack.mjs';
import { open, slipIn } from './redis.mjs';

const { account, namespace, worker } = told;
const key = (name) => `{${namespace}}:${name}`;
const redis = await open();
await redis.send('AUTH', account.username, account.password);

await attack('redis.take_next_job', async () => {
  const id = await redis.send('LINDEX', key(`worker.${worker}:active`), -1);
  const own = JSON.parse(await redis.send('HGET', key(`worker.${worker}:${id}`), 'data'));
  const outcome = {
    kind: 'succeeded',
    result: {
      text: 'forged',
      turns: 1,
      costUsd: 0,
      usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 },
    },
  };
  const { job, lease } = own;
  const reports = [
    { kind: 'outcome', job, lease, outcome },
    { kind: 'phase', phase: 'idle', job, lease },
  ];
  void slipIn(redis, key(`wk:${worker}:out`), JSON.stringify(reports));
  for (let tries = 0; tries < 50; tries++) {
    for (const place of [-1, -2]) {
      const next = await redis.send('LINDEX', key(`worker.${worker}:active`), place);
      if (next === null || next === id) continue;
      const data = await redis.send('HGET', key(`worker.${worker}:${next}`), 'data');
      const { spec, bridgeToken } = JSON.parse(data);
      return broken(`was given the next job: prompt "${spec.prompt.slice(-40)}", token ${bridgeToken.slice(0, 4)}…`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return held('no further job came within 5 s');
});
process.exit(0);
