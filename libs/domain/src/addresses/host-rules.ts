import { addressKind, isInBlock, readBlock, type AddressBlock } from './internet-address.js';

/** A host that is allowed although its address is not public: a name, all names below one, or a block of addresses. */
export type HostRule =
  { readonly kind: 'name' | 'below'; readonly name: string } | { readonly kind: 'block'; readonly block: AddressBlock };

const namePattern = /^(?!-)[\p{L}\p{N}_-]+(\.[\p{L}\p{N}_-]+)*$/u;

/**
 * Whether a text can be a host name. Names that end in a number cannot: C libraries read some of them as addresses
 * (`127.1`, `0x7f.1`, `2130706433`).
 */
export function isHostName(text: string): boolean {
  const last = text.split('.').at(-1) ?? '';
  return text.length <= 253 && namePattern.test(text) && !/^(\d+|0x[0-9a-f]*)$/i.test(last);
}

/**
 * Parses hosts, separated by commas: `git.example.com`, `*.example.com`, `10.0.0.5`, `10.0.0.0/8`, `fd00::/8`. Throws
 * on anything else.
 */
export function readHostRules(text: string): readonly HostRule[] {
  return text
    .split(',')
    .map((each) => each.trim().toLowerCase())
    .filter((each) => each !== '')
    .map(readHostRule);
}

function readHostRule(text: string): HostRule {
  const block = readBlock(text.replace(/^\[(.*)\]$/, '$1'));
  if (block) return { kind: 'block', block };
  const below = text.startsWith('*.');
  const name = below ? text.slice(2) : text;
  if (!isHostName(name))
    throw new Error(
      `expected names of hosts, *.names, addresses or blocks of them (10.0.0.0/8), not ${JSON.stringify(text)}`,
    );
  return { kind: below ? 'below' : 'name', name };
}

/** Whether a name is allowed regardless of its addresses. */
export function isOpenName(name: string, rules: readonly HostRule[]): boolean {
  const asked = name.toLowerCase().replace(/\.$/, '');
  return rules.some(
    (rule) =>
      (rule.kind === 'name' && asked === rule.name) || (rule.kind === 'below' && asked.endsWith(`.${rule.name}`)),
  );
}

/** Why an address may not be reached, being neither public nor allowed; undefined if it may. */
export function addressFault(address: string, rules: readonly HostRule[]): string | undefined {
  const kind = addressKind(address);
  if (kind === 'public' || rules.some((rule) => rule.kind === 'block' && isInBlock(address, rule.block)))
    return undefined;
  return kind === undefined ? 'is no address' : `is a ${kind.replace('_', '-')} address`;
}

/** The same for an unresolved host: only names of this machine itself are judged, not other names. */
export function hostFault(host: string, rules: readonly HostRule[]): string | undefined {
  if (addressKind(host) !== undefined) return addressFault(host, rules);
  if (isOpenName(host, rules)) return undefined;
  return /(^|\.)localhost\.?$/i.test(host) ? addressFault('127.0.0.1', rules) : undefined;
}
