import { RemudaError } from '@remuda/domain';

/** What a request says of whence it comes, as it was sent, and where it arrived. */
export interface RequestSource {
  readonly method: string;
  /** `1.0` or `1.1`. */
  readonly httpVersion: string;
  /** The header `Host`. */
  readonly host?: string | undefined;
  /** The header `Origin`: a browser's, of the page that asks. */
  readonly origin?: string | undefined;
  /** `Sec-Fetch-Site`: how a browser's page stands to the address that it asks. */
  readonly site?: string | undefined;
  /** `Sec-Fetch-Mode` and `Sec-Fetch-Dest`: what a browser wants the answer for. */
  readonly mode?: string | undefined;
  readonly dest?: string | undefined;
  /** The address of this machine at which the connection arrived. */
  readonly localAddress?: string | undefined;
}

/** Whom an app answers, besides whoever names one of its own addresses. */
export interface AllowedSources {
  /** Names by which the app is reached: `remuda.example.com` at any port, `remuda.example.com:8443` at this one. */
  readonly hosts: readonly string[];
  /** Origins of other pages that may use it: `https://app.example.com`. */
  readonly origins: readonly string[];
}

/**
 * Says why a request is not answered; undefined for one that is. A browser lets any page send requests to any address, this
 * machine's loopback included, so that being reachable proves nothing. Refused are a `Host` that is none of ours, as a page has
 * that had its own name resolve to our address (`request.misdirected`), and pages of other origins (`request.forbidden`).
 * Programs send neither `Origin` nor `Sec-Fetch-Site`, and come in by `Host` alone.
 */
export function sourceFault(source: RequestSource, allowed: AllowedSources): RemudaError | undefined {
  return hostFault(source, allowed.hosts) ?? pageFault(source, allowed.origins);
}

function hostFault(
  { host, httpVersion, localAddress }: RequestSource,
  hosts: readonly string[],
): RemudaError | undefined {
  // HTTP/1.0 knows no Host, and no browser speaks it.
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

/** A person who follows a link from elsewhere: the answer is a page of its own, and the page with the link never sees it. */
function isVisit({ method, mode, dest }: RequestSource): boolean {
  return (method === 'GET' || method === 'HEAD') && mode === 'navigate' && dest === 'document';
}

/** Whether a page's origin is what the request names as its host. A proxy may have taken TLS off on the way. */
function isOwn(origin: string, host: string | undefined): boolean {
  const page = /^https?:\/\//i.test(origin) && URL.canParse(origin) ? new URL(origin) : undefined;
  const asked = page && host !== undefined ? `${page.protocol}//${host}` : '';
  return URL.canParse(asked) && new URL(asked).host === page?.host;
}

/** A `Host` taken apart, its name in lower case, an IPv6 address without brackets; undefined where it is none. */
function readHost(host: string): { readonly name: string; readonly port: string } | undefined {
  if (/[\s/?#@\\%]/.test(host) || !URL.canParse(`http://${host}`)) return undefined;
  const { hostname, port } = new URL(`http://${host}`);
  return { name: bare(hostname), port: port === '' ? '80' : port };
}

/** An address or name without brackets, zone, the dot of a full name, and the prefix of an IPv4 address within IPv6. */
function bare(name: string): string {
  return name
    .toLowerCase()
    .replace(/^\[|\]$|%.*$|\.$/g, '')
    .replace(/^::ffff:(?=\d+\.)/, '');
}

const isLoopback = (name: string): boolean => name === 'localhost' || name === '::1' || /^127(\.\d+){3}$/.test(name);
const quoted = (text: string): string => JSON.stringify(text.slice(0, 100));
const forbidden = (sentence: string): RemudaError => new RemudaError('request.forbidden', sentence);
