import {
  addressFault,
  isEgressAllowed,
  isOpenName,
  readEgress,
  type EgressRefusal,
  type EgressTarget,
  type HostRule,
} from '@remuda/domain';
import type { BridgeGrant } from '@remuda/protocol';
import type { Resolve } from '../git/reach.js';
import { literalAddress } from './target.js';

/** Addresses that were checked, or why there is no connection. `unresolved`: the name has no address. */
export type Admission =
  | { readonly kind: 'admitted'; readonly addresses: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: EgressRefusal }
  | { readonly kind: 'unresolved' };

/** What an admission depends on, besides the grant. */
export interface AdmissionParts {
  readonly resolve: Resolve;
  /** Hosts that may be reached although their addresses are private. */
  readonly hosts: readonly HostRule[];
}

/**
 * Whether a job may open a connection, and to which addresses: its rules are asked first, so that no other name is ever
 * looked up, which would carry data to whoever answers for it. If any of a name's addresses may not be reached, none is.
 */
export async function admit(
  target: EgressTarget,
  { egress = [] }: Pick<BridgeGrant, 'egress'>,
  { resolve, hosts }: AdmissionParts,
): Promise<Admission> {
  if (!isEgressAllowed(target, readEgress(egress))) return { kind: 'refused', reason: 'not_allowed' };
  const literal = literalAddress(target);
  const addresses = literal === undefined ? await resolve(target.host).catch(() => []) : [literal];
  if (addresses.length === 0) return { kind: 'unresolved' };
  const isOpen = literal === undefined && isOpenName(target.host, hosts);
  const mayReach = isOpen || addresses.every((address) => addressFault(address, hosts) === undefined);
  return mayReach ? { kind: 'admitted', addresses } : { kind: 'refused', reason: 'address' };
}
