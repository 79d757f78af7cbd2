import { get as getHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { get as getHttps } from 'node:https';
import type { Reach } from './reach.js';

/** The first request of git to a server. */
const question = '/info/refs?service=git-upload-pack';
/** Timeout of asking a server for a redirect, in ms. */
const timeoutMs = 10_000;

/** Whether git's output says that the server redirected it. */
export function isRedirected(words: string): boolean {
  return /The requested URL returned error: 30[12378]\b/.test(words);
}

/**
 * The URL to which a server redirects a repository; undefined if it does not, or if the new one is less secure (`http`
 * instead of `https`). The server is asked at the checked address; the new address is still to be checked.
 */
export async function movedTo({ url, config }: Reach, signal: AbortSignal): Promise<string | undefined> {
  const asked = new URL(url.replace(/\/$/, '') + question);
  const answer = await ask(asked, pinnedAddress(config), signal);
  answer.resume();
  const { location } = answer.headers;
  if (location === undefined || !URL.canParse(location, asked.href)) return undefined;
  const next = new URL(location, asked);
  if (!next.href.endsWith(question) || (asked.protocol === 'https:' && next.protocol !== 'https:')) return undefined;
  return next.href.slice(0, -question.length);
}

function ask(url: URL, address: string | undefined, signal: AbortSignal): Promise<IncomingMessage> {
  const options: RequestOptions = { signal, timeout: timeoutMs, headers: { 'user-agent': 'git/remuda' } };
  if (address !== undefined)
    options.lookup = (_name, how, done) => {
      const family = address.includes(':') ? 6 : 4;
      if (how.all === true) done(null, [{ address, family }]);
      else done(null, address, family);
    };
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? getHttps : getHttp)(url.href, options, resolve);
    request.once('error', reject).once('timeout', () => request.destroy(new Error('no answer')));
  });
}

/** The first address that git was pinned to. */
function pinnedAddress(config: Reach['config']): string | undefined {
  const [, addresses] = /^[^:]+:\d+:(.+)$/.exec(config['http.curloptResolve'] ?? '') ?? [];
  return addresses?.split(',')[0]?.replace(/^\[(.*)\]$/, '$1');
}
