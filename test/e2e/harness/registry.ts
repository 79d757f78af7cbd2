import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeAuthority } from '../../certificates.js';

/** A registry of npm that gives its one package, `greet`, only for a token. */
export interface PrivateRegistry extends AsyncDisposable {
  /** Host and port. Tools do not leave this address out of their proxy, as they do 127.0.0.1. */
  readonly at: string;
  readonly token: string;
  /** File with the certificate of the authority that has signed its own. */
  readonly caFile: string;
  /** Methods and paths of what was asked, with the status of the answer. */
  readonly asked: readonly string[];
}

/** Serves it with TLS on loopback. */
export async function servePrivateRegistry(): Promise<PrivateRegistry> {
  const address = '127.0.0.2';
  const dir = mkdtempSync(join(tmpdir(), 'remuda-registry-'));
  const authority = makeAuthority();
  const caFile = join(dir, 'ca.pem');
  writeFileSync(caFile, authority.ca);
  const tarball = packed(dir);
  const token = `npm_${randomBytes(18).toString('hex')}`;
  const asked: string[] = [];
  const answerOf = (method: string | undefined, path: string | undefined, host: string) => {
    if (method !== 'GET') return { status: 201, body: '{}' };
    if (path === '/greet') return { status: 200, body: JSON.stringify(metadata(`https://${host}`, tarball)) };
    return path === tarballPath ? { status: 200, body: tarball } : { status: 404, body: '{}' };
  };
  const server = createServer(authority.issue({ names: [address] }), (request, response) => {
    const { method, url, headers } = request;
    const answer =
      headers.authorization === `Bearer ${token}`
        ? answerOf(method, url, headers.host ?? '')
        : { status: 401, body: '{"error":"who are you?"}' };
    asked.push(`${String(method)} ${String(url)} ${String(answer.status)}`);
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  });
  await once(server.listen(0, address), 'listening');
  const { port } = server.address() as { readonly port: number };
  return {
    ...{ at: `${address}:${String(port)}`, token, caFile, asked },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const tarballPath = '/greet/-/greet-1.0.0.tgz';
const manifest = { name: 'greet', version: '1.0.0', main: 'index.js' };

function packed(dir: string): Buffer {
  mkdirSync(join(dir, 'package'));
  writeFileSync(join(dir, 'package', 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(dir, 'package', 'index.js'), "module.exports = 'hello from a private package';\n");
  return execFileSync('tar', ['-czf', '-', '-C', dir, 'package']);
}

/** What a registry says of a package; as most do, it names an `https:` address of its own. */
function metadata(origin: string, tarball: Buffer): object {
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  const dist = { tarball: `${origin}${tarballPath}`, integrity };
  return { name: 'greet', 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': { ...manifest, dist } } };
}
