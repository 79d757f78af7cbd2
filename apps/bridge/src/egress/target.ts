import { domainToASCII } from 'node:url';
import { readEgressTarget, readHost, type EgressTarget } from '@remuda/domain';

/** Where a request with a whole URL goes, and what it asks there. */
export interface PlainTarget extends EgressTarget {
  /** Path and query. */
  readonly path: string;
}

/** Reads the target of `CONNECT`: `host:port` and nothing else; undefined if it is not one. Pure. */
export function readConnect(text: string): EgressTarget | undefined {
  return readEgressTarget(text, domainToASCII);
}

/**
 * Reads the target of any other method: an `http:` URL, without a user. Undefined for everything else: `https:` is for
 * `CONNECT`, and a path alone is a request to the proxy itself. Pure.
 */
export function readPlain(text: string): PlainTarget | undefined {
  const [, authority, rest = ''] = /^http:\/\/([^/?#]*)([^#]*)$/i.exec(text) ?? [];
  if (authority === undefined || authority === '') return undefined;
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  const withPort = readConnect(authority);
  if (withPort) return { ...withPort, path };
  const host = readHost(authority, domainToASCII);
  return host === undefined ? undefined : { host, port: 80, path };
}

/** The target as it stands in a `Host` header. */
export function hostHeader({ host, port }: EgressTarget): string {
  return port === 80 ? host : `${host}:${String(port)}`;
}

/** The address of a target that is one, without brackets; undefined for a name. */
export function literalAddress({ host }: EgressTarget): string | undefined {
  if (host.startsWith('[')) return host.slice(1, -1);
  return /^[\d.]+$/.test(host) ? host : undefined;
}
