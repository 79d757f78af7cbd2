import { randomBytes } from 'node:crypto';
import { hashSecret } from '@remuda/runtime';

/** How long a ticket can be used, in ms. */
export const ticketMs = 60_000;

/** A new ticket, and the hash under which it is kept. */
export function makeTicket(): { readonly text: string; readonly hash: string } {
  const text = `tk_${randomBytes(32).toString('hex')}`;
  return { text, hash: hashSecret(text) };
}

/** The hash of a ticket in a request's query; undefined if there is none. */
export function readTicket(url: string): string | undefined {
  const query = url.indexOf('?');
  const text = query < 0 ? null : new URLSearchParams(url.slice(query + 1)).get('ticket');
  return text === null ? undefined : hashSecret(text);
}
