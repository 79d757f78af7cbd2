import { expect, test } from 'vitest';
import { readClients } from './read-clients.js';

const client = { name: 'agent-1', socket: '/run/x.sock', workspaces: [{ container: '/workspace', host: '/srv/a' }] };
const paths = (content: unknown): string[] => readClients(content).faults.map(({ path }) => path);

test('a client has the limits of the file, or the default ones', () => {
  const { clients, faults } = readClients({
    clients: [{ ...client, running: 2, socketMode: '0666', flags: ['--add-dir'] }],
  });
  expect(faults).toEqual([]);
  expect(clients[0]).toMatchObject({ socketMode: 0o666, flags: ['--add-dir'], limits: { running: 2, waiting: 50 } });
});

test('all faults are told at once', () => {
  const wrong = {
    name: 'No Id',
    workspaces: [
      { container: '/etc/x', host: '/' },
      { container: 'w', host: '/a/../b' },
    ],
    flags: ['--model'],
    variables: ['LD_PRELOAD', 'ANTHROPIC_BASE_URL'],
    config: ['settings.json'],
    running: 0,
    more: 1,
  };
  const found = paths({ clients: [wrong] });
  for (const name of ['name', '', 'flags', 'variables', 'config', 'running', 'more'])
    expect(found).toContain(name === '' ? 'clients[0]' : `clients[0].${name}`);
  for (const name of ['[0].container', '[0].host', '[1].container', '[1].host'])
    expect(found).toContain(`clients[0].workspaces${name}`);
});

test('two clients are never the same one', () => {
  expect(paths({ clients: [client, { ...client, socket: '/run/y.sock' }] })).toEqual(['clients']);
  expect(paths({ clients: [client, { ...client, name: 'agent-2' }] })).toEqual(['clients']);
});

test.each([undefined, null, {}, { clients: [] }, { clients: 'x' }, { clients: [1] }])(
  '%j has no clients',
  (content) => {
    expect(paths(content).length).toBeGreaterThan(0);
  },
);
