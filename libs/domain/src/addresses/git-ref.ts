/** Which names git takes for a branch, tag or commit: the one rule for all that read, write or pass on a `ref`. */

/** Longest ref, in characters. */
export const maxRefLength = 255;

/** What `git check-ref-format` refuses anywhere in a name: control characters, space, `~^:?*[\`, `..`, `@{`, `//`. */
const refusedAnywhere = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\//;
/** No part between slashes begins with a dot or ends with `.lock`. */
const refusedPart = /(?:^|\/)\.|\.lock(?:\/|$)/;
/** Nor does a name begin with a slash or end with one or with a dot. */
const refusedEnd = /^\/|[/.]$/;
/** A half of a UTF-16 pair by itself has no UTF-8. */
const loneSurrogate = /\p{Surrogate}/u;

/**
 * Says what is wrong with a branch, tag, full ref or commit id; undefined for a good one. The rules are those of
 * `git check-ref-format`; `origin/main`, which git takes and hardly anybody means, is refused with what to write instead.
 */
export function refFault(ref: string): string | undefined {
  if (ref === '' || ref.length > maxRefLength) return `must have 1 to ${String(maxRefLength)} characters`;
  if (ref.startsWith('-')) return 'must not begin with a dash';
  if (ref.startsWith('origin/'))
    return 'must be the name of the branch in its repository, without origin/ (a branch that is named so is refs/heads/origin/…)';
  if (
    ref === '@' ||
    refusedAnywhere.test(ref) ||
    refusedPart.test(ref) ||
    refusedEnd.test(ref) ||
    loneSurrogate.test(ref)
  )
    return 'must be the name of a branch or tag, or a commit id';
  return undefined;
}

/** Whether a ref is a whole commit id. */
export function isCommitId(ref: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(ref);
}
