import { createHash } from 'node:crypto';
import { idleToken, keptGrant, type BridgeGrant } from '@remuda/protocol';
import type { Grants } from './grants.port.js';

/** The grant of a token; the placeholder of idle workers has none, and the store is not asked for it. */
export async function findGrant(grants: Grants, token: string | undefined): Promise<BridgeGrant | undefined> {
  if (token === undefined || token === '' || token === idleToken) return undefined;
  return grants.find(nameOf(token));
}

/** What stays of the grant of a token whose attempt has succeeded, for the snapshot that is still to be taken. */
export async function findKeptGrant(grants: Grants, token: string | undefined): Promise<BridgeGrant | undefined> {
  return token === undefined || token === '' ? undefined : grants.find(keptGrant(nameOf(token)));
}

const nameOf = (token: string): string => createHash('sha256').update(token).digest('hex');
