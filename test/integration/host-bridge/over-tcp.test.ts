import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createLogger, systemClock } from '@remuda/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readForwarding } from '../../../apps/host-bridge/src/environment.js';
import { startForward } from '../../../apps/host-bridge/src/tcp/forward.js';
import { makeAuthority } from '../../certificates.js';
import { dial, hasBwrap, runHostBridge, runOf } from './running-host-bridge.js';

const log = createLogger({ name: 'forward', level: 'silent' });
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'host-bridge-tls-'));
});
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

/** Writes a certificate of a name, and gives the variables that name its files. */
function files(authority: ReturnType<typeof makeAuthority>, name: string, ca = authority.ca) {
  const { cert, key } = authority.issue({ names: [name, '127.0.0.1'] });
  const write = (kind: string, text: string): string => {
    const path = join(dir, `${name}.${kind}`);
    writeFileSync(path, text);
    return path;
  };
  return {
    REMUDA_HOST_BRIDGE_TLS_CERT: write('cert', cert),
    REMUDA_HOST_BRIDGE_TLS_KEY: write('key', key),
    REMUDA_HOST_BRIDGE_TLS_CA: write('ca', ca),
  };
}

describe.skipIf(!hasBwrap)('the host bridge over TCP', () => {
  test('serves a client of another host by its certificate, and nobody without one', async () => {
    const authority = makeAuthority();
    const other = makeAuthority();
    await using run = await runHostBridge({
      clients: [{ name: 'agent-2', certificate: 'agent-2.example' }],
      env: { REMUDA_HOST_BRIDGE_LISTEN: '127.0.0.1:0', ...files(authority, 'bridge.example') },
    });
    const [host = '', port = ''] = run.bridge.tcp?.split(':') ?? [];
    const socket = join(dir, 'forward.sock');
    const env = { REMUDA_HOST_BRIDGE_FORWARD: `${host}:${port}`, REMUDA_HOST_BRIDGE_SOCKET: socket };
    const forwarding = readForwarding({ ...env, ...files(authority, 'agent-2.example') });
    const forward = await startForward({ ...forwarding!, clock: systemClock, log });
    try {
      for (const prompt of ['over there', 'and again']) {
        using line = await dial(socket);
        line.send(runOf(['-p', prompt]));
        line.send({ type: 'stdin_end' });
        expect(await line.over()).toMatchObject({ type: 'exit', code: 0 });
        expect(line.bytes('stdout')).toBe(`ok: ${prompt}\n`);
      }
      expect(run.audit()).toContain('"client":"agent-2"');
    } finally {
      await forward.close();
    }
    for (const stranger of [
      files(other, 'agent-2.example-by-another', authority.ca),
      files(authority, 'unknown.example'),
    ]) {
      const options = readForwarding({ ...env, ...stranger })!;
      const far = connect({ ...options.to, ...options.files.first });
      far.on('error', () => undefined);
      const answered = await new Promise<boolean>((resolve) => {
        far.on('data', () => {
          resolve(true);
        });
        far.on('close', () => {
          resolve(false);
        });
        far.write(`${JSON.stringify(runOf(['-p', 'x']))}\n`);
      });
      expect(answered).toBe(false);
    }
  });

  test('shows a renewed certificate to new connections, and its forwarder as well; runs go on', async () => {
    const authority = makeAuthority();
    const later = makeAuthority();
    const mine = files(authority, 'bridge-3.example');
    await using run = await runHostBridge({
      clients: [{ name: 'agent-3', certificate: 'agent-3.example' }],
      env: { REMUDA_HOST_BRIDGE_LISTEN: '127.0.0.1:0', ...mine },
    });
    const [host = '', port = ''] = run.bridge.tcp?.split(':') ?? [];
    const socket = join(dir, 'forward-3.sock');
    const env = { REMUDA_HOST_BRIDGE_FORWARD: `${host}:${port}`, REMUDA_HOST_BRIDGE_SOCKET: socket };
    const theirs = files(authority, 'agent-3.example');
    const forwarding = readForwarding({ ...env, ...theirs })!;
    const forward = await startForward({ ...forwarding, clock: systemClock, log });
    const answered = async (prompt: string): Promise<string | undefined> => {
      using line = await dial(socket);
      line.send(runOf(['-p', prompt]));
      line.send({ type: 'stdin_end' });
      return (await line.over()) && line.bytes('stdout');
    };
    try {
      run.model.queue({ hangMs: 15_000, text: 'all the while' });
      using open = await dial(socket);
      open.send(runOf(['-p', 'wait']));
      open.send({ type: 'stdin_end' });
      await run.model.seen(({ main }) => main);
      // another authority: who still showed the old certificate would be refused
      files(later, 'bridge-3.example');
      files(later, 'agent-3.example');
      await expect
        .poll(() => issuerAt({ host, port: Number(port) }, later), { timeout: 30_000, interval: 500 })
        .toBe('trusted');
      expect(await open.over()).toMatchObject({ code: 0 });
      await expect.poll(() => answered('afterwards'), { timeout: 60_000 }).toBe('ok: afterwards\n');
    } finally {
      await forward.close();
    }
  });
});

/** Whether the certificate at an address is of this authority. */
function issuerAt(at: { host: string; port: number }, { ca }: { readonly ca: string }): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ ...at, ca, checkServerIdentity: () => undefined });
    socket.once('secureConnect', () => resolve('trusted'));
    socket.once('error', (error: Error) => resolve(error.message));
    socket.once('close', () => socket.destroy());
  });
}
