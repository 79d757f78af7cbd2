import type { IncomingHttpHeaders } from 'node:http';
import { bridgeTokenHeader } from '@remuda/protocol';
import { betasOf, type BetaAllowance } from './betas.js';

/**
 * Headers of a container that are passed on to the model, in addition to its betas: others could act for the account.
 */
const goOn = new Set([
  ...['accept', 'content-type', 'user-agent', 'anthropic-version', 'anthropic-dangerous-direct-browser-access'],
  ...['x-app', 'x-client-request-id'],
]);
const goOnPrefixes = ['x-stainless-', 'x-claude-code-'];

/** Headers of the answer that concern only the account. */
const accountHeaders = ['set-cookie', 'anthropic-organization-id'];

/**
 * A container's headers as they may be sent to the model, without any credential. The answer is requested uncompressed,
 * so that it can be counted.
 */
export function outgoingHeaders(headers: IncomingHttpHeaders, allowance: BetaAllowance): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || !passes(name)) continue;
    kept[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const betas = betasOf(String(headers['anthropic-beta'] ?? ''), allowance);
  return { ...kept, ...(betas === '' ? {} : { 'anthropic-beta': betas }), 'accept-encoding': 'identity' };
}

const passes = (name: string): boolean => goOn.has(name) || goOnPrefixes.some((prefix) => name.startsWith(prefix));

/** Removes headers of an answer that the container need not know. */
export function hideAccount(headers: IncomingHttpHeaders): void {
  for (const name of accountHeaders) Reflect.deleteProperty(headers, name);
}

/** The token of a container: from the bridge's own header, otherwise `x-api-key`, otherwise `Authorization: Bearer`. */
export function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  for (const name of [bridgeTokenHeader, 'x-api-key']) {
    const value = headers[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}
