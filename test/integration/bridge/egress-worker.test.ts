import { once } from 'node:events';
import { connect } from 'node:net';
import { createLogger, systemClock } from '@remuda/runtime';
import { expect, test } from 'vitest';
import { Egress } from '../../../apps/worker/src/egress/egress.js';
import { ended, exchange, serveHttp } from './egress-door.js';
import { runBridge } from './running-bridge.js';

test('a worker opens the way for one turn, and has heard of every refusal when it is closed', async () => {
  await using running = await runBridge({ REMUDA_EGRESS_HOSTS: '127.0.0.1' });
  await using site = await serveHttp((_request, response) => response.end('the site'));
  const at = `127.0.0.1:${String(site.port)}`;
  await running.grant('t', { job: 'job-1', worker: 'w-1', lease: 1, egress: [at] });
  const log = createLogger({ name: 'worker', level: 'silent' });
  const egress = new Egress({ socket: running.bridge.addresses.egress, clock: systemClock, log });
  const refused: unknown[] = [];
  const way = await egress.open('t', (one) => refused.push(one));
  const { hostname, port } = new URL(way.url);
  const ask = (host: string) =>
    exchange(connect(Number(port), hostname), `GET http://${host}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);

  expect(await ask(at)).toContain('the site');
  expect(await ask('a.example')).toContain('403');
  expect(await ask('a.example')).toContain('403');
  expect(await ask('b.example')).toContain('403');
  const open = connect(Number(port), hostname);
  await once(open, 'connect');
  const cut = ended(open);
  await way.close();
  expect(refused).toEqual([
    { host: 'a.example', port: 80, reason: 'not_allowed' },
    { host: 'b.example', port: 80, reason: 'not_allowed' },
  ]);
  await cut;
  const late = connect(Number(port), hostname);
  await expect(once(late, 'connect')).rejects.toThrow('ECONNREFUSED');
});
