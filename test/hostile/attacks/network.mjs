// The world outside: a container with network "none" has none.
import { lookup } from 'node:dns/promises';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { attack, broken, every, held, told, wants } from './attack.mjs';

const reach = (host, port) =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: 1_500 });
    socket.once('connect', () => resolve(`connected to ${host}:${port}`)).once('error', reject);
    socket.once('timeout', () => socket.destroy(Object.assign(new Error('no answer'), { code: 'TIMEOUT' })));
  });
const reachAll = (places) =>
  Object.fromEntries(places.map(([host, port]) => [`${host}:${port}`, () => reach(host, port)]));

await attack('network.interfaces', () => {
  const names = Object.keys(networkInterfaces());
  const routes = readFileSync('/proc/net/route', 'utf8').trim().split('\n').slice(1);
  return {
    held: names.every((name) => name === 'lo') && routes.length === 0,
    evidence: `interfaces ${names.join() || 'none'}, ${routes.length} routes`,
  };
});

const { hosts = [], ports = [], neighbour = {} } = told;
await every('network.host', reachAll(hosts.flatMap((host) => [22, 80, 2375, 2376].map((port) => [host, port]))));
await every('network.api', reachAll(['127.0.0.1', ...hosts].flatMap((host) => ports.map((port) => [host, port]))));
await every(
  'network.metadata',
  reachAll([
    ['169.254.169.254', 80],
    ['169.254.170.2', 80],
    ['fd00:ec2::254', 80],
  ]),
);
await every('network.internet', {
  ...reachAll([
    ['1.1.1.1', 443],
    ['2606:4700:4700::1111', 443],
  ]),
  udp: () =>
    new Promise((resolve, reject) => {
      const socket = createSocket('udp4').on('error', reject);
      socket.send('x', 53, '8.8.8.8', (error) => (error ? reject(error) : resolve('sent')));
    }).finally(() => undefined),
  ping: () => wants('ping', '-c1', '-W1', '1.1.1.1'),
});
await every('network.dns', {
  outside: async () => JSON.stringify(await lookup('api.anthropic.com')),
  engine: async () => JSON.stringify(await lookup('host.docker.internal')),
});
await every('network.neighbour', {
  name: async () => JSON.stringify(await lookup(neighbour.name ?? 'x')),
  ...reachAll([172, 173].flatMap(() => [2, 3, 4].map((n) => [`172.17.0.${n}`, 80]))),
});
await attack('network.abstract_sockets', () => {
  const named = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .flatMap((line) => /\s(@\S+)$/.exec(line)?.[1] ?? []);
  return named.length === 0 ? held('none of the host in sight') : broken(named.join(' '));
});
process.exit(0);
