import { createHash } from 'node:crypto';
import { idleToken, type BridgeGrant } from '@remuda/protocol';
import type { Grants } from './grants.port.js';

/** The grant of a token; the placeholder of idle workers has none, and the store is not asked for it. */
export async function findGrant(grants: Grants, token: string | undefined): Promise<BridgeGrant | undefined> {
  if (token === undefined || token === '' || token === idleToken) return undefined;
  return grants.find(createHash('sha256').update(token).digest('hex'));
}
