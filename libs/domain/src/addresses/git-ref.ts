/** Which names git accepts for a branch, tag or commit: the single rule for all code that handles a `ref`. */

/** Maximum length of a ref, in characters. */
export const maxRefLength = 255;

/** What `git check-ref-format` refuses anywhere in a name: control characters, space, `~^:?*[\`, `..`, `@{`, `//`. */
const refusedAnywhere = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\//;
/** No part between slashes begins with a dot or ends with `.lock`. */
const refusedPart = /(?:^|\/)\.|\.lock(?:\/|$)/;
/** Nor does a name begin with a slash or end with one or with a dot. */
const refusedEnd = /^\/|[/.]$/;
/** An unpaired UTF-16 surrogate cannot be encoded in UTF-8. */
const loneSurrogate = /\p{Surrogate}/u;

/**
 * What is wrong with a branch, tag, full ref or commit id; undefined for a valid one. The rules are those of
 * `git check-ref-format`; `origin/main`, which git accepts but hardly anybody means, is refused with a suggestion.
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

/** Whether a ref is a full commit id. */
export function isCommitId(ref: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(ref);
}
