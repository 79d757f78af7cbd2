import { RemudaError } from '@remuda/domain';

/** The parts of a request that show its source, as sent, and where it arrived. */
export interface RequestSource {
  readonly method: string;
  /** `1.0` or `1.1`. */
  readonly httpVersion: string;
  /** The header `Host`. */
  readonly host?: string | undefined;
  /** The header `Origin`: set by browsers to the origin of the requesting page. */
  readonly origin?: string | undefined;
  /** `Sec-Fetch-Site`: how the page of a browser relates to the requested address. */
  readonly site?: string | undefined;
  /** `Sec-Fetch-Mode` and `Sec-Fetch-Dest`: what a browser needs the answer for. */
  readonly mode?: string | undefined;
  readonly dest?: string | undefined;
  /** The address of this machine at which the connection arrived. */
  readonly localAddress?: string | undefined;
}

/** Sources that an app admits, in addition to requests to its own addresses. */
export interface AllowedSources {
  /** Host names of the app: `remuda.example.com` at any port, `remuda.example.com:8443` at this one. */
  readonly hosts: readonly string[];
  /** Origins of other pages that may use it: `https://app.example.com`. */
  readonly origins: readonly string[];
}

/**
 * Why a request is not admitted; undefined if it is. A browser lets any page send requests to any address, including
 * this machine's loopback, so being reachable proves nothing. A `Host` that is not ours is refused, as sent by a page
 * whose own name resolves to our address (`request.misdirected`), and so are pages of other origins
 * (`request.forbidden`). Programs send neither `Origin` nor `Sec-Fetch-Site`, and only need a valid `Host`.
 */
export function sourceFault(source: RequestSource, allowed: AllowedSources): RemudaError | undefined {
  return hostFault(source, allowed.hosts) ?? pageFault(source, allowed.origins);
}

function hostFault(
  { host, httpVersion, localAddress }: RequestSource,
  hosts: readonly string[],
): RemudaError | undefined {
  // HTTP/1.0 has no Host, and no browser uses it.
  if (host === undefined && httpVersion === '1.0') return undefined;
  if (host === undefined || host === '') return new RemudaError('request.malformed', 'The request has no Host header.');
  const asked = readHost(host);
  if (asked === undefined) return new RemudaError('request.malformed', 'Host is not a host name or address.');
  const own = localAddress === undefined ? undefined : bare(localAddress);
  if (isLoopback(asked.name) || asked.name === own) return undefined;
  if (hosts.includes(asked.name) || hosts.includes(`${asked.name}:${asked.port}`)) return undefined;
  return new RemudaError('request.misdirected', `This service is not known as ${quoted(host)}.`);
}

function pageFault(source: RequestSource, origins: readonly string[]): RemudaError | undefined {
  const { origin, host, site } = source;
  if (origin !== undefined) {
    if (origins.includes(origin.toLowerCase())) return undefined;
    if (!isOwn(origin, host)) return forbidden(`Pages of ${quoted(origin)} may not use this service.`);
  }
  if (site === undefined || site === 'same-origin' || site === 'none' || isVisit(source)) return undefined;
  return forbidden('Pages of another origin may not use this service.');
}

/** A person who follows a link: the answer becomes a page of its own, and the linking page never sees it. */
function isVisit({ method, mode, dest }: RequestSource): boolean {
  return (method === 'GET' || method === 'HEAD') && mode === 'navigate' && dest === 'document';
}

/** Whether a page's origin matches the request's host. A proxy may have removed TLS on the way. */
function isOwn(origin: string, host: string | undefined): boolean {
  const page = /^https?:\/\//i.test(origin) && URL.canParse(origin) ? new URL(origin) : undefined;
  const asked = page && host !== undefined ? `${page.protocol}//${host}` : '';
  return URL.canParse(asked) && new URL(asked).host === page?.host;
}

/** The parts of a `Host`, its name in lower case, an IPv6 address without brackets; undefined if it is invalid. */
function readHost(host: string): { readonly name: string; readonly port: string } | undefined {
  if (/[\s/?#@\\%]/.test(host) || !URL.canParse(`http://${host}`)) return undefined;
  const { hostname, port } = new URL(`http://${host}`);
  return { name: bare(hostname), port: port === '' ? '80' : port };
}

/** An address or name without brackets, zone, trailing dot, and the prefix of an IPv4-mapped IPv6 address. */
function bare(name: string): string {
  return name
    .toLowerCase()
    .replace(/^\[|\]$|%.*$|\.$/g, '')
    .replace(/^::ffff:(?=\d+\.)/, '');
}

const isLoopback = (name: string): boolean => name === 'localhost' || name === '::1' || /^127(\.\d+){3}$/.test(name);
const quoted = (text: string): string => JSON.stringify(text.slice(0, 100));
const forbidden = (sentence: string): RemudaError => new RemudaError('request.forbidden', sentence);
