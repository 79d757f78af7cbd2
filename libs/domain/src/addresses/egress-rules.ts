import { egressPresets, isEgressPreset } from './egress-presets.js';
import { isHostName } from './host-rules.js';
import { addressBytes, embedded4 } from './internet-address.js';

/**
 * Which hosts a job may reach, by name: the single rule for the profile and the job, which write them, for the
 * scheduler, which grants the narrower of the two, and for the bridge, which lets connections through.
 */

/** A host, or all names below one, and its port; without a port: `webPorts`. */
export interface EgressRule {
  readonly kind: 'host' | 'below';
  /** As `readHost` returns it. */
  readonly host: string;
  readonly port?: number;
}

/** Where a connection is to go. */
export interface EgressTarget {
  /** As `readHost` returns it. */
  readonly host: string;
  readonly port: number;
}

/** The ports of a rule that names none. */
export const webPorts: readonly number[] = [443, 80];

/** Maximum number of entries in the `egress` of a profile or a job, and of characters in one. */
export const egressLimits = { entries: 200, characters: 300 } as const;

export const egressRefusals = ['not_allowed', 'address', 'server_name', 'not_tls', 'limit'] as const;
/**
 * Why a connection was refused. `not_allowed`: no rule names the host and port. `address`: its name resolves to an
 * address that is not public. `server_name`: TLS was begun for another host. `not_tls`: the port is for TLS only.
 * `limit`: the job has transferred all that it may.
 */
export type EgressRefusal = (typeof egressRefusals)[number];

/** Writes a name in ASCII, other scripts in punycode; '' if that is not possible: `domainToASCII` of Node's `url`. */
export type ToAscii = (name: string) => string;

const onlyAscii: ToAscii = () => '';

/**
 * A host in the one form in which hosts are compared: a name in lower case and punycode without a final dot, an IPv4
 * address with four decimal numbers, or an IPv6 address in full between brackets. Undefined for everything else, such
 * as the other notations of an IPv4 address (`127.1`, `0x7f000001`, `2130706433`).
 */
export function readHost(text: string, toAscii: ToAscii = onlyAscii): string | undefined {
  if (text.startsWith('[')) return text.endsWith(']') ? hostOf6(text.slice(1, -1)) : undefined;
  if (addressBytes(text) !== undefined) return text.includes(':') ? undefined : text;
  const plain = /^[\u0021-\u007e]*$/.test(text);
  if (!plain && !isHostName(text.replace(/\.$/, ''))) return undefined;
  const name = (plain ? text : toAscii(text)).toLowerCase().replace(/\.$/, '');
  const isName = isHostName(name) && name.split('.').every((label) => /^[a-z0-9_-]{1,63}$/.test(label));
  return isName ? name : undefined;
}

/** An IPv4 address within an IPv6 one is that address. */
function hostOf6(text: string): string | undefined {
  const bytes = text.includes(':') ? addressBytes(text) : undefined;
  if (bytes === undefined) return undefined;
  const inner = embedded4(bytes);
  if (inner) return inner.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  return `[${groups.map((group) => group.toString(16)).join(':')}]`;
}

/** Parses `host:port` with a port; `[…]` around an IPv6 address. Undefined for anything else, user names included. */
export function readEgressTarget(text: string, toAscii?: ToAscii): EgressTarget | undefined {
  const [, hostText = '', portText] = splitPort(text) ?? [];
  const host = readHost(hostText, toAscii);
  const port = readPort(portText);
  return host === undefined || port === undefined ? undefined : { host, port };
}

/** What is wrong with an entry of `egress`; undefined for a valid one. */
export function egressFault(text: string, toAscii?: ToAscii): string | undefined {
  return readEntry(text, toAscii) === undefined
    ? `must be a host, *.host, host:port or one of ${Object.keys(egressPresets).join(', ')}`
    : undefined;
}

/** The rules of all entries, presets included; an entry that is not valid gives none. */
export function readEgress(entries: readonly string[], toAscii?: ToAscii): readonly EgressRule[] {
  return entries.flatMap((entry) => readEntry(entry, toAscii) ?? []);
}

/** An entry as `readEgress` reads it back without `toAscii`. */
export function writeEgressRule({ kind, host, port }: EgressRule): string {
  return `${kind === 'below' ? '*.' : ''}${host}${port === undefined ? '' : `:${String(port)}`}`;
}

/** Whether a connection may be opened. A rule for the names below a host does not include the host. */
export function isEgressAllowed(target: EgressTarget, rules: readonly EgressRule[]): boolean {
  return rules.some((rule) => hasHost(rule, target.host) && hasPort(rule, target.port));
}

/** What both lists allow, and nothing else. */
export function narrowEgress(one: readonly EgressRule[], other: readonly EgressRule[]): readonly EgressRule[] {
  const common = one.flatMap((a) => other.flatMap((b) => commonRule(a, b) ?? []));
  return [...new Map(common.map((rule) => [writeEgressRule(rule), rule])).values()];
}

function readEntry(text: string, toAscii?: ToAscii): readonly EgressRule[] | undefined {
  if (isEgressPreset(text)) return egressPresets[text].map((host) => ({ kind: 'host', host }));
  if (text.length > egressLimits.characters) return undefined;
  const below = text.startsWith('*.');
  const rest = below ? text.slice(2) : text;
  const [, hostText = '', portText] = splitPort(rest) ?? [undefined, rest];
  const host = readHost(hostText, toAscii);
  const port = readPort(portText);
  if (host === undefined || (portText !== undefined && port === undefined)) return undefined;
  if (below && !isHostName(host)) return undefined;
  return [{ kind: below ? 'below' : 'host', host, ...(port === undefined ? {} : { port }) }];
}

const splitPort = (text: string): RegExpExecArray | null => /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(text);

function readPort(text: string | undefined): number | undefined {
  const port = Number(text ?? NaN);
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function hasHost(rule: EgressRule, host: string): boolean {
  return rule.kind === 'host' ? host === rule.host : host.endsWith(`.${rule.host}`);
}

function hasPort({ port }: EgressRule, asked: number): boolean {
  return port === undefined ? webPorts.includes(asked) : port === asked;
}

function commonRule(a: EgressRule, b: EgressRule): EgressRule | undefined {
  const hosts = a.kind === 'host' || (b.kind === 'below' && a.host.length >= b.host.length) ? [a, b] : [b, a];
  const [narrow, wide] = hosts as [EgressRule, EgressRule];
  if (!(narrow.host === wide.host && narrow.kind === wide.kind) && !hasHost(wide, narrow.host)) return undefined;
  const ports = a.port === b.port ? [a.port] : [a.port, b.port].filter((each) => each !== undefined);
  const [port] = ports;
  if (ports.length > 1 || (port !== undefined && !(hasPort(a, port) && hasPort(b, port)))) return undefined;
  return { kind: narrow.kind, host: narrow.host, ...(port === undefined ? {} : { port }) };
}
