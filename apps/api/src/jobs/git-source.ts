/** Which repositories a job may name, and how. */

const controlOrSpace = /[\u0000-\u0020\u007f]/;
const scpLike =
  /^(?:[A-Za-z0-9._-]+@)?[A-Za-z0-9][A-Za-z0-9.-]*:[^/:\s][^\s]*$|^[A-Za-z0-9._-]+@[A-Za-z0-9][A-Za-z0-9.-]*:\/[^\s]*$/;
const protocols: readonly string[] = ['https:', 'http:', 'ssh:', 'git:'];

/**
 * Says what is wrong with a repository's URL; undefined for a good one. Nothing that git would take for an option, and
 * none of its helpers that run a command (`ext::`).
 */
export function gitUrlFault(url: string, allowFile: boolean): string | undefined {
  if (url === '' || url.length > 2_000) return 'must have 1 to 2000 characters';
  if (url.startsWith('-')) return 'must not begin with a dash';
  if (controlOrSpace.test(url)) return 'must not hold spaces or control characters';
  if (url.includes('::')) return 'must not name a transport helper of git';
  if (scpLike.test(url) && !url.includes('://')) return undefined;
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return 'must be a URL (https, http, ssh, git) or user@host:path';
  }
  if (parsed.protocol === 'file:')
    return allowFile ? undefined : 'must not be a file: URL unless the operator allows it (REMUDA_GIT_ALLOW_FILE)';
  if (!protocols.includes(parsed.protocol)) return 'must be a URL with https, http, ssh or git, or user@host:path';
  if (parsed.hostname === '' || parsed.hostname.startsWith('-')) return 'must name a host';
  return parsed.username.startsWith('-') ? 'must not have a user that begins with a dash' : undefined;
}

const refusedInRef = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\.lock(?:\/|$)|(?:^|\/)\.|^\/|\/$|\.$/;

/** Says what is wrong with a branch, tag or commit; undefined for a good one. The rules are those of `git check-ref-format`. */
export function gitRefFault(ref: string): string | undefined {
  if (ref === '' || ref.length > 255) return 'must have 1 to 255 characters';
  if (ref.startsWith('-')) return 'must not begin with a dash';
  if (ref === '@' || refusedInRef.test(ref)) return 'must be the name of a branch or tag, or a commit id';
  return undefined;
}
