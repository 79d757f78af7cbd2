import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { hostname } from 'node:os';
import { makeAuthority } from '../../../certificates.js';
import { packages } from './packages.js';

/** One server for the registries of many ecosystems, each with the package `greet`. */
export interface PackageRegistry extends AsyncDisposable {
  /** This machine's own name: some tools leave addresses of loopback out of their proxy, as Go does. */
  readonly host: string;
  /** Where it is, as `host:port`. */
  readonly at: {
    /** By its name, with TLS. */
    readonly named: string;
    /** By an address, with TLS: Java names no server whose name has no dot, which the bridge then refuses. */
    readonly numbered: string;
    /** By its name, without TLS. */
    readonly plain: string;
  };
  /** Certificate of the authority that has signed its own, PEM. */
  readonly ca: string;
}

/** An address of loopback that tools do not leave out of their proxy, as they do 127.0.0.1. */
const number = '127.0.0.2';

/** Serves it on this machine. */
export async function servePackages(): Promise<PackageRegistry> {
  const host = hostname().toLowerCase();
  const { address } = await lookup(host);
  const authority = makeAuthority();
  const files = packages();
  const answer: RequestListener = ({ url = '', headers }, response) => {
    const file = files[url.split('?')[0] ?? ''];
    response.statusCode = file === undefined ? 404 : 200;
    if (url.startsWith('/simple/')) response.setHeader('content-type', 'text/html');
    response.end(typeof file === 'function' ? file(`https://${String(headers.host)}`) : file);
  };
  const secure = (name: string) => createTlsServer(authority.issue({ names: [name] }), answer);
  const [named, numbered, plain] = [secure(host), secure(number), createHttpServer(answer)] as const;
  const servers = [named, numbered, plain];
  const at = {
    named: `${host}:${await listening(named, address)}`,
    numbered: `${number}:${await listening(numbered, number)}`,
    plain: `${host}:${await listening(plain, address)}`,
  };
  return {
    ...{ host, at, ca: authority.ca },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(servers.map(closed));
    },
  };
}

async function listening(server: Server, address: string): Promise<number> {
  await once(server.listen(0, address), 'listening');
  return (server.address() as { readonly port: number }).port;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) =>
    server.close(() => {
      resolve();
    }),
  );
}
