import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { setImmediate as turnOver } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { startRedis, type TestRedis } from '../redis.js';

let server: TestRedis;
let redis: RawConnection;
beforeEach(async () => {
  server = await startRedis();
  redis = connectRaw(server.url, { name: 'test' });
  await redis.ping();
});
afterEach(async () => {
  redis.disconnect();
  await server.close();
});

const script = { numberOfKeys: 0, lua: `return 'of the script'` };
type WithScript = RawConnection & { readonly ofScript: () => Promise<string> };

test('commands and scripts that wait while Redis is away get their own answers when it is back', async () => {
  await server.stop();
  const sent = redis.ping();
  await turnOver();
  const waiting = [redis.get('nothing')];
  redis.defineCommand('ofScript', script);
  waiting.push((redis as WithScript).ofScript(), redis.get('nothing'));
  await server.start();
  expect(await sent).toBe('PONG');
  expect(await Promise.all(waiting)).toEqual([null, 'of the script', null]);
});

test('a connection that BullMQ opens beside another one says nothing of an outage on stderr', async () => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const beside = redis.duplicate();
  try {
    await beside.ping();
    const lost = new Promise((resolve) => beside.once('reconnecting', resolve));
    await server.stop();
    await lost;
    await new Promise((resolve) => beside.once('reconnecting', resolve));
    expect(said).not.toHaveBeenCalled();
  } finally {
    beside.disconnect();
    said.mockRestore();
  }
});

test.each(['one by one', 'in a pipeline'])(
  'commands that were sent %s and answered in part get their answers by another connection',
  async (way) => {
    const line = await startLine(server.port);
    const other = connectRaw(`redis://127.0.0.1:${line.port}`, { name: 'test' });
    try {
      await other.ping();
      line.cutAfter('+PONG\r\n');
      const sent =
        way === 'in a pipeline'
          ? other
              .pipeline()
              .ping()
              .incr('count')
              .get('nothing')
              .exec()
              .then((answers) => answers?.map(([, answer]) => answer))
          : Promise.all([other.ping(), other.incr('count'), other.get('nothing')]);
      // It was done, and is done again: nobody could know.
      expect(await sent).toEqual(['PONG', 2, null]);
    } finally {
      other.disconnect();
      line.close();
    }
  },
);

test('what is said in one go comes to Redis in one go', async () => {
  const watch = connectRaw(server.url, { name: 'watch' });
  const readsSoFar = async () => Number(/total_reads_processed:(\d+)/.exec(await watch.info('stats'))?.[1]);
  try {
    const before = await readsSoFar();
    await Promise.all(Array.from({ length: 20 }, () => redis.incr('count')));
    // One more is that of the question itself.
    expect((await readsSoFar()) - before).toBe(2);
  } finally {
    watch.disconnect();
  }
});

/** A line to Redis that can be cut after the beginning of an answer; there is another one at once. */
async function startLine(port: number): Promise<{ port: number; cutAfter(beginning: string): void; close(): void }> {
  let until: string | undefined;
  const sockets: Socket[] = [];
  const lineServer: Server = createServer((client) => {
    const redisSide = connect(port, '127.0.0.1');
    sockets.push(client, redisSide);
    for (const socket of [client, redisSide]) socket.on('error', () => undefined);
    client.pipe(redisSide);
    redisSide.on('data', (data) => {
      const wanted = until;
      if (wanted === undefined) return void client.write(data);
      until = undefined;
      client.end(data.subarray(0, wanted.length));
      redisSide.destroy();
    });
  }).listen(0, '127.0.0.1');
  await once(lineServer, 'listening');
  return {
    port: (lineServer.address() as AddressInfo).port,
    cutAfter: (beginning) => (until = beginning),
    close: () => {
      lineServer.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
