import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SnapshotClient } from './snapshot-client.js';

test('a request is begun before there is content, which may take its time', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'remuda-snapshot-'));
  const socket = join(folder, 's');
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.writeHead(204).end());
  });
  try {
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    const begun = once(server, 'request');
    const content = async function* () {
      await begun;
      yield Buffer.from('content');
    };
    const sent = new SnapshotClient(socket).putArtifacts('token', content(), new AbortController().signal);
    expect(await sent).toEqual({ kind: 'stored' });
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  }
}, 10_000);
