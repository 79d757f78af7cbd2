/** Classification of IP addresses. Pure; names are resolved elsewhere. */

/** The kind of an address; only `public` ones lead to other machines on the internet. */
export type AddressKind = 'public' | 'loopback' | 'link_local' | 'private' | 'metadata' | 'reserved';

/** A block of addresses, given by its prefix. */
export interface AddressBlock {
  readonly bytes: readonly number[];
  readonly bits: number;
}

/**
 * The 4 or 16 bytes of an address without brackets; undefined for anything else, including an address with a zone
 * (`%eth0`).
 */
export function addressBytes(text: string): readonly number[] | undefined {
  return text.includes(':') ? bytesOf6(text) : bytesOf4(text);
}

/** The kind of an address; undefined if it is not an address. An IPv4 address within an IPv6 one counts as itself. */
export function addressKind(text: string): AddressKind | undefined {
  const bytes = addressBytes(text);
  if (bytes === undefined) return undefined;
  const inner = embedded4(bytes);
  if (inner) return kindIn(special4, inner) ?? 'public';
  if (bytes.length === 4) return kindIn(special4, bytes) ?? 'public';
  return kindIn(special6, bytes) ?? (isIn(bytes, globalUnicast) ? 'public' : 'reserved');
}

/** Parses `10.0.0.0/8`, `fd00::/8` or a single address; undefined for anything else. */
export function readBlock(text: string): AddressBlock | undefined {
  const [address = '', length, ...more] = text.split('/');
  const bytes = addressBytes(address);
  if (bytes === undefined || more.length > 0) return undefined;
  const most = bytes.length * 8;
  if (length === undefined) return { bytes, bits: most };
  return /^\d{1,3}$/.test(length) && Number(length) <= most ? { bytes, bits: Number(length) } : undefined;
}

/** Whether an address is within a block; IPv4 within IPv6 counts as itself. */
export function isInBlock(address: string, block: AddressBlock): boolean {
  const bytes = addressBytes(address);
  return bytes !== undefined && isIn(embedded4(bytes) ?? bytes, block);
}

function isIn(bytes: readonly number[], { bytes: first, bits }: AddressBlock): boolean {
  if (bytes.length !== first.length) return false;
  return bytes.every((byte, i) => {
    const left = Math.min(8, Math.max(0, bits - i * 8));
    const mask = (0xff << (8 - left)) & 0xff;
    return (byte & mask) === ((first[i] ?? 0) & mask);
  });
}

type Special = readonly (readonly [block: AddressBlock, kind: AddressKind])[];

const kindIn = (special: Special, bytes: readonly number[]): AddressKind | undefined =>
  special.find(([block]) => isIn(bytes, block))?.[1];

/** Four decimal numbers, and none of the other forms that C libraries accept (`127.1`, `0x7f000001`, `2130706433`). */
function bytesOf4(text: string): readonly number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return undefined;
  return parts.map(Number);
}

function bytesOf6(text: string): readonly number[] | undefined {
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return undefined;
  const [before, after] = [groupsOf(head), tail === undefined ? [] : groupsOf(tail)];
  if (!before || !after) return undefined;
  const missing = 16 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 2) return undefined;
  return [...before, ...Array<number>(missing).fill(0), ...after];
}

/** The bytes of groups between colons, the last of which may be an IPv4 address. */
function groupsOf(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  const bytes = groups.map((group, i) => {
    if (/^[0-9a-f]{1,4}$/i.test(group)) return [parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff];
    return i === groups.length - 1 ? bytesOf4(group) : undefined;
  });
  return bytes.every((each) => each !== undefined) ? bytes.flat() : undefined;
}

/** The IPv4 address that is mapped into an IPv6 one, or translated by NAT64. */
export function embedded4(bytes: readonly number[]): readonly number[] | undefined {
  return bytes.length === 16 && [mapped4, nat64].some((block) => isIn(bytes, block)) ? bytes.slice(12) : undefined;
}

function block(text: string): AddressBlock {
  const read = readBlock(text);
  if (!read) throw new TypeError(`${text} is not a block of addresses.`);
  return read;
}

const table = (rows: Readonly<Partial<Record<AddressKind, readonly string[]>>>): Special =>
  Object.entries(rows).flatMap(([kind, blocks]) => blocks.map((each) => [block(each), kind as AddressKind] as const));

const mapped4 = block('::ffff:0:0/96');
const nat64 = block('64:ff9b::/96');
const globalUnicast = block('2000::/3');

/** From the registries of special-purpose addresses (RFC 6890), and the metadata services of clouds. */
const special4 = table({
  metadata: ['169.254.169.254', '169.254.170.2', '100.100.100.200', '168.63.129.16', '192.0.0.192'],
  loopback: ['127.0.0.0/8'],
  link_local: ['169.254.0.0/16'],
  private: ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16'],
  reserved: [
    ...['0.0.0.0/8', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '198.18.0.0/15', '198.51.100.0/24'],
    ...['203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  ],
});
const special6 = table({
  metadata: ['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254'],
  loopback: ['::1'],
  link_local: ['fe80::/10'],
  private: ['fc00::/7', 'fec0::/10'],
  reserved: ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'],
});
