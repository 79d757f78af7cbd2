// The heartbeats of many idle workers, as their own processes would send them: each one every two seconds.
import { encodeReport, joinReports } from '@remuda/protocol';
import { redisKeys } from '@remuda/redis';
import { connectRaw } from '@remuda/redis/testing';
import { serve } from '../parts/member.js';

const [redisUrl = '', namespace = '', ids = ''] = process.argv.slice(2);
const everyMs = 2_000;
/** They are spread evenly over the time. */
const parts = 40;

const redis = connectRaw(redisUrl, { name: 'heartbeats' });
const keys = redisKeys(namespace);
const report = joinReports([encodeReport({ kind: 'heartbeat', phase: 'idle', rssMb: 62 })]);
const streams = Array.from({ length: Number(ids) }, (_, i) => keys.workerOut(`w-${String(i)}`));
let sent = 0;

const send = (): void => {
  const nth = Math.floor(sent / parts) + 1;
  const pipeline = redis.pipeline();
  for (let i = sent % parts; i < streams.length; i += parts)
    pipeline.xadd(streams[i] ?? '', 'MAXLEN', '~', 100, `${String(nth)}-0`, 'd', report);
  sent++;
  void pipeline.exec();
};

let timer: NodeJS.Timeout | undefined;
serve(({ what }: { readonly what: 'start' | 'stop' }) => {
  clearInterval(timer);
  if (what === 'start') timer = setInterval(send, everyMs / parts);
  return Promise.resolve();
});
