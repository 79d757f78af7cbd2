import { hostFault, isHostName, type HostRule } from './host-rules.js';
import { addressKind } from './internet-address.js';

/**
 * Which repositories a job may name, and how: the single rule for the api, which accepts the name, and the bridge,
 * which fetches.
 */

/** The location of a repository. */
export interface GitUrl {
  readonly protocol: 'https' | 'http' | 'ssh' | 'git' | 'file';
  /** A name or an address, without brackets; '' for `file`. */
  readonly host: string;
  readonly port?: number;
}

/** What an operator allows in addition to repositories on the public internet. */
export interface GitUrlRules {
  /** Paths on the bridge's machine. */
  readonly allowFile: boolean;
  /** Hosts that may be reached although their addresses are private. */
  readonly hosts: readonly HostRule[];
}

/** Maximum length of a URL, in characters. */
export const maxGitUrlLength = 2_000;

const allowed = 'must be a URL (https, http, ssh, git) or user@host:path';

/** What is wrong with a repository's URL; undefined for a valid one. The bridge checks what a host name resolves to. */
export function gitUrlFault(url: string, { allowFile, hosts }: GitUrlRules): string | undefined {
  const read = readGitUrl(url);
  if (typeof read === 'string') return read;
  if (read.protocol === 'file')
    return allowFile ? undefined : 'must not be a file: URL unless the operator allows it (REMUDA_GIT_ALLOW_FILE)';
  const fault = hostFault(read.host, hosts);
  return (
    fault && `must not point into the operator's own network (REMUDA_GIT_HOSTS allows hosts): ${read.host} ${fault}`
  );
}

/**
 * Parses a repository's URL, or says what is wrong with it: nothing that git would treat as an option, no transport
 * helper that runs a command (`ext::`), no local path, no user or password except an ssh user name. Faults do not
 * contain the URL.
 */
export function readGitUrl(url: string): GitUrl | string {
  if (url === '' || url.length > maxGitUrlLength) return `must have 1 to ${String(maxGitUrlLength)} characters`;
  if (url.startsWith('-')) return 'must not begin with a dash';
  if (/[\u0000-\u0020\u007f\\]/.test(url)) return 'must not contain spaces, control characters or backslashes';
  if (/^[A-Za-z0-9+.-]*::/.test(url)) return 'must not use a git transport helper';
  const [, scheme, authority = '', rest = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)(.*)$/s.exec(url) ?? [];
  return scheme === undefined ? readScpLike(url) : readUrl(scheme.toLowerCase(), authority, rest);
}

function readUrl(scheme: string, authority: string, rest: string): GitUrl | string {
  if (scheme === 'file')
    return authority === '' ? { protocol: 'file', host: '' } : 'must not name a host in a file: URL';
  if (scheme !== 'https' && scheme !== 'http' && scheme !== 'ssh' && scheme !== 'git')
    return 'must be a URL with https, http, ssh or git, or user@host:path';
  if (/[?#]/.test(rest)) return 'must not have a query or a fragment';
  const [, user, where = ''] = /^(?:(.*)@)?(.*)$/s.exec(authority) ?? [];
  if (user !== undefined && (scheme !== 'ssh' || !isUser(user)))
    return "must not contain a user or a password: the bridge fetches with its host's own credentials";
  const [, v6, name = '', port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(where) ?? [];
  const host = v6 ?? name;
  if (!isHost(host, v6 !== undefined) || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535) return 'must name a host';
  return { protocol: scheme, host, ...(port === undefined ? {} : { port: Number(port) }) };
}

/** `host:path` and `user@host:path`. A single letter is a drive (`C:/repo`), not a host. */
function readScpLike(url: string): GitUrl | string {
  const [, user, v6, name = '', path] = /^(?:([^@/:]*)@)?(?:\[([^\]]*)\]|([^/:@]+)):(.+)$/s.exec(url) ?? [];
  const host = v6 ?? name;
  if (path === undefined || path.startsWith('-') || (v6 === undefined && host.length < 2)) return allowed;
  if (user !== undefined && !isUser(user)) return 'must not contain a password, only a user name before the @';
  return isHost(host, v6 !== undefined) ? { protocol: 'ssh', host } : 'must name a host';
}

const isUser = (text: string): boolean => /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(text);

function isHost(text: string, bracketed: boolean): boolean {
  return bracketed
    ? text.includes(':') && addressKind(text) !== undefined
    : addressKind(text) !== undefined || isHostName(text);
}
