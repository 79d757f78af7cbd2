import { readHost, type EgressTarget, type ToAscii } from './egress-rules.js';

export const egressCredentialForms = ['bearer', 'basic', 'header'] as const;
/** `bearer`: `Authorization: Bearer` and the secret; `basic`: the secret is `user:password`; `header`: the secret is the value of a header. */
export type EgressCredentialForm = (typeof egressCredentialForms)[number];

/** A credential that the bridge adds to requests to one place. */
export interface EgressCredential {
  /** `https://host:port/path/`: where the requests go. With `http` the credential goes over the network as it is. */
  readonly url: string;
  /** Name of the tenant's secret at the bridge. */
  readonly secret: string;
  readonly as: EgressCredentialForm;
  /** Name of the header, with `as: header`. */
  readonly header?: string;
  /** Whether requests that may change something get it too. Default: only `GET`, `HEAD`, and fetches of git. */
  readonly write?: boolean;
}

/** Maximum number of credentials of a profile. */
export const maxEgressCredentials = 50;

/** Where the requests of a credential go. */
export interface CredentialPlace extends EgressTarget {
  readonly isSecure: boolean;
  /** The port at which tools ask for it, without TLS. */
  readonly askedPort: number;
  /** Begins and ends with a slash. */
  readonly path: string;
}

/** Headers that say how a message is read or who is asked: no secret. */
const unfit = /^(host|content-length|transfer-encoding|connection|upgrade|te|trailer|expect|keep-alive|proxy-.*)$/i;

/** What is wrong with the name of a header for a credential; undefined for a fine one. */
export function credentialHeaderFault(name: string): string | undefined {
  return /^[A-Za-z0-9-]{1,100}$/.test(name) && !unfit.test(name)
    ? undefined
    : 'must be the name of a header that can have a secret';
}

/** The place that a URL names: `http` or `https`, without user, query and fragment. Undefined for anything else. */
export function readCredentialPlace(url: string, toAscii?: ToAscii): CredentialPlace | undefined {
  const [, scheme = '', authority = '', path = ''] = /^(https?):\/\/([^/?#@\s]+)(\/[^?#\s]*)?$/i.exec(url) ?? [];
  const [, hostText = '', portText] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(authority) ?? [];
  const host = readHost(hostText, toAscii);
  const isSecure = scheme.toLowerCase() === 'https';
  const port = portText === undefined ? (isSecure ? 443 : 80) : Number(portText);
  if (host === undefined || port < 1 || port > 65_535 || isOdd(path)) return undefined;
  const askedPort = isSecure && port === 443 ? 80 : port;
  return { host, port, isSecure, askedPort, path: path.replace(/\/*$/, '/') };
}

/** A way to a host that is asked for by plain HTTP. */
export interface CredentialWay {
  /** Where the request really goes. */
  readonly place: CredentialPlace;
  /** The credential that it gets; absent for another path or method of the same host. */
  readonly credential?: EgressCredential;
}

/**
 * The way of a plain request to a host for which there are credentials; undefined for any other host. All requests to such
 * a host go the same way, and those of a path and method that a credential is for get it: of several, that of the longest path.
 */
export function credentialWay(
  asked: EgressTarget & { readonly path: string; readonly method: string },
  credentials: readonly EgressCredential[],
): CredentialWay | undefined {
  const all = credentials.flatMap((credential) => {
    const place = readCredentialPlace(credential.url);
    return place && place.host === asked.host && place.askedPort === asked.port ? [{ credential, place }] : [];
  });
  const [path = ''] = asked.path.split('?');
  const fits = all
    .filter(({ place }) => !isOdd(path) && (path.startsWith(place.path) || `${path}/` === place.path))
    .filter(({ credential }) => credential.write === true || onlyReads(asked.method, path))
    .sort((a, b) => b.place.path.length - a.place.path.length);
  return fits[0] ?? (all[0] && { place: all[0].place });
}

/** A path that leads elsewhere by dots or slashes, written out or escaped. */
const isOdd = (path: string): boolean => /(?:^|\/|%2f)(?:\.|%2e){1,2}(?:\/|%2f|$)|%5c|\\|\/\//i.test(path);

function onlyReads(method: string, path: string): boolean {
  return method === 'GET' || method === 'HEAD' || (method === 'POST' && path.endsWith('/git-upload-pack'));
}

/** The header of a credential and its value; undefined if the secret cannot be a part of one. */
export function credentialHeader(
  { as, header }: EgressCredential,
  secret: string,
  toBase64: (text: string) => string,
): readonly [string, string] | undefined {
  if (!/^[\u0021-\u007e](?:[\u0020-\u007e]*[\u0021-\u007e])?$/.test(secret)) return undefined;
  switch (as) {
    case 'bearer':
      return ['authorization', `Bearer ${secret}`];
    case 'basic':
      return secret.includes(':') ? ['authorization', `Basic ${toBase64(secret)}`] : undefined;
    case 'header':
      return header === undefined ? undefined : [header.toLowerCase(), secret];
  }
}
