import type { IncomingHttpHeaders } from 'node:http';
import { bridgeTokenHeader } from '@remuda/protocol';

/** Headers that end at the bridge: credentials of the container, what belongs to one connection, and what would speak of the host. */
const endHere = new Set<string>([
  bridgeTokenHeader,
  'authorization',
  'x-api-key',
  'proxy-authorization',
  'cookie',
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  // A body that has to be unpacked first could name another model than the one that was read.
  'content-encoding',
  'forwarded',
  'via',
]);

/** Headers of the answer that are the account's own business. */
const accountHeaders = ['set-cookie', 'anthropic-organization-id'];

/** A container's headers as they may go on to the model, without any credential. The answer is asked for uncompressed, so that it can be counted. */
export function outgoingHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || endHere.has(name) || name.startsWith('x-forwarded-')) continue;
    kept[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return { ...kept, 'accept-encoding': 'identity' };
}

/** Takes out of an answer's headers what the container need not know. */
export function hideAccount(headers: IncomingHttpHeaders): void {
  for (const name of accountHeaders) Reflect.deleteProperty(headers, name);
}

/** The token that a container shows: in the bridge's own header, else as `x-api-key`, else as `Authorization: Bearer`. */
export function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  for (const name of [bridgeTokenHeader, 'x-api-key']) {
    const value = headers[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}
