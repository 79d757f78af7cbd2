import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** A package registry on loopback, with a project that needs all of its packages. */
export interface Registry extends AsyncDisposable {
  /** `host:port`. */
  readonly at: string;
}

/** Another address of loopback than the one that tools reach without a proxy. */
export const registryHost = '127.0.0.2';
/** Bytes of `/big`. */
export const bigBytes = 1_000_000_000;
const chunk = Buffer.alloc(1_048_576, 'x');

/** Serves so many packages of about 20 KB, `/project.tgz` with the lock file of a project that has them all, and `/big`. */
export async function serveRegistry(folder: string, packages: number): Promise<Registry> {
  const files = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    if (path === '/big') void sendBig(response);
    else if (files.has(path)) response.end(files.get(path));
    else response.writeHead(404).end();
  });
  await once(server.listen(0, registryHost), 'listening');
  const at = `${registryHost}:${String((server.address() as AddressInfo).port)}`;
  const locked: Record<string, object> = {};
  const needs: Record<string, string> = {};
  for (let i = 0; i < packages; i++) {
    const name = `package-${String(i)}`;
    const packed = pack(join(folder, name), 'package', {
      'package.json': JSON.stringify({ name, version: '1.0.0' }),
      'index.js': randomBytes(15_000).toString('base64'),
    });
    const path = `/${name}/-/${name}-1.0.0.tgz`;
    files.set(path, packed);
    const integrity = `sha512-${createHash('sha512').update(packed).digest('base64')}`;
    locked[`node_modules/${name}`] = { version: '1.0.0', resolved: `http://${at}${path}`, integrity };
    needs[name] = '1.0.0';
  }
  const root = { name: 'project', version: '1.0.0', dependencies: needs };
  const lock = { ...root, lockfileVersion: 3, requires: true, packages: { '': root, ...locked } };
  const project = { 'package.json': JSON.stringify(root), 'package-lock.json': JSON.stringify(lock) };
  files.set('/project.tgz', pack(join(folder, 'project'), 'project', project));
  return {
    at,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function pack(folder: string, top: string, files: Readonly<Record<string, string>>): Buffer {
  mkdirSync(join(folder, top), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, top, name), text);
  execFileSync('tar', ['-czf', join(folder, 'it.tgz'), '-C', folder, top]);
  return readFileSync(join(folder, 'it.tgz'));
}

async function sendBig(response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-length': bigBytes });
  // a reader that leaves is no fault
  await pipeline(Readable.from(chunks()), response).catch(() => undefined);
}

function* chunks(): Generator<Buffer> {
  for (let left = bigBytes; left > 0; left -= chunk.length) yield chunk.subarray(0, left);
}
