import { addressFault, addressKind, bareHost, isOpenName, webhookUrlFault, type HostRule } from '@remuda/domain';
import type { Resolve } from '../git/reach.js';

/** Where a message may be sent: at these addresses only. `final`: it never may be, whatever name servers answer later. */
export type Receiver =
  { readonly addresses: readonly string[] } | { readonly failure: string; readonly final: boolean };

/**
 * Checks the URL of a webhook, resolves its name, and checks all its addresses: if one is private, none is used. A
 * name that has none is asked for again at the next try.
 */
export async function receiverOf(url: string, hosts: readonly HostRule[], resolve: Resolve): Promise<Receiver> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const fault = webhookUrlFault(parsed, hosts);
  if (parsed === undefined || fault !== undefined)
    return { failure: `The URL ${fault ?? 'cannot be parsed'}.`, final: true };
  const host = bareHost(parsed);
  if (addressKind(host) !== undefined) return { addresses: [host] };
  const addresses = await resolve(host).catch(() => []);
  if (addresses.length === 0) return { failure: `The name ${host} could not be resolved.`, final: false };
  if (isOpenName(host, hosts)) return { addresses };
  const inside = addresses.map((address) => addressFault(address, hosts)).find((each) => each !== undefined);
  if (inside === undefined) return { addresses };
  return {
    failure: `The address of ${host} ${inside}: REMUDA_WEBHOOK_HOSTS allows hosts of the operator's own network.`,
    final: false,
  };
}
