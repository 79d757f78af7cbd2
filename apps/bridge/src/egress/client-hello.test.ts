import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { readFirstBytes } from './client-hello.js';

/** What Node's own TLS sends first. */
async function helloOf(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  const client = connectTls({ host: '127.0.0.1', port, ...options }).on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

let named: Buffer;
let nameless: Buffer;
beforeAll(async () => {
  named = await helloOf({ servername: 'registry.example.org', ALPNProtocols: ['h2', 'http/1.1'] });
  nameless = await helloOf({ servername: '' });
});

test('a ClientHello says for which server it is, or that it is for none', async () => {
  expect(readFirstBytes(named)).toEqual({ kind: 'tls', serverName: 'registry.example.org' });
  expect(readFirstBytes(nameless)).toEqual({ kind: 'tls', serverName: undefined });
  const old = await helloOf({ servername: 'old.example.org', maxVersion: 'TLSv1.2' });
  expect(readFirstBytes(old)).toEqual({ kind: 'tls', serverName: 'old.example.org' });
});

test('it is read however it is cut, over records too, and with what follows it', () => {
  const body = named.subarray(5);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: body.length - 1 }), fc.integer({ min: 1, max: 400 }), (cut, size) => {
      expect(readFirstBytes(named.subarray(0, cut)).kind).toBe('more');
      const records: Buffer[] = [];
      for (let at = 0; at < body.length; at += size) {
        const part = body.subarray(at, at + size);
        records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 0xff]), part);
      }
      const whole = Buffer.concat([...records, Buffer.from([20, 3, 3, 0, 1, 1])]);
      expect(readFirstBytes(whole)).toEqual({ kind: 'tls', serverName: 'registry.example.org' });
    }),
  );
});

test('what is no TLS is plain; TLS that does not begin with a ClientHello is malformed', () => {
  expect(readFirstBytes(Buffer.from('GET / HTTP/1.1\r\n'))).toEqual({ kind: 'plain' });
  expect(readFirstBytes(Buffer.alloc(0))).toEqual({ kind: 'more' });
  expect(readFirstBytes(Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0]))).toEqual({ kind: 'malformed' });
  expect(readFirstBytes(Buffer.from([22, 9, 9, 9]))).toEqual({ kind: 'malformed' });
  expect(readFirstBytes(Buffer.from([22, 3, 1, 0, 0]))).toEqual({ kind: 'malformed' });
  expect(readFirstBytes(Buffer.from([22, 3, 1, 255, 255, 1, 255, 255, 255]))).toEqual({ kind: 'malformed' });
});

test('two names, and lengths that lie, are not read as a name', () => {
  const at = named.indexOf('registry.example.org');
  const entry = named.subarray(at - 3, at + 20);
  const twice = Buffer.concat([named.subarray(0, at + 20), entry, named.subarray(at + 20)]);
  const grow = (offset: number, size: 2 | 3): void => {
    twice.writeUIntBE(twice.readUIntBE(offset, size) + entry.length, offset, size);
  };
  grow(3, 2);
  grow(6, 3);
  grow(at - 5, 2);
  grow(at - 7, 2);
  const extensions = extensionsAt(named);
  grow(extensions, 2);
  expect(readFirstBytes(twice)).toEqual({ kind: 'malformed' });
  const longer = Buffer.from(named);
  longer.writeUInt16BE(60_000, extensions);
  expect(readFirstBytes(longer)).toEqual({ kind: 'malformed' });
});

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(1_000), fc.nat(255), (noise, at, byte) => {
      readFirstBytes(Buffer.from(noise));
      readFirstBytes(Buffer.concat([Buffer.from([22, 3, 1]), Buffer.from(noise)]));
      const changed = Buffer.from(named);
      changed[at % changed.length] = byte;
      readFirstBytes(changed);
    }),
    { numRuns: 2_000 },
  );
});

/** Where the length of all extensions is. */
function extensionsAt(hello: Buffer): number {
  const session = 5 + 4 + 2 + 32;
  const ciphers = session + 1 + (hello[session] ?? 0);
  const compression = ciphers + 2 + hello.readUInt16BE(ciphers);
  return compression + 1 + (hello[compression] ?? 0);
}
