import { artifactLimits } from './artifact.js';
import { innerPath } from './packed-entry.js';

/** What a glob does not know: silently taken literally it would match nothing. */
const foreign = /[[\]{}\\]|^!/;

/** What is wrong with a glob of artifacts, as the rest of a sentence; undefined if it is fine. */
export function globFault(glob: string): string | undefined {
  if (glob.length > artifactLimits.globCharacters)
    return `must not be longer than ${String(artifactLimits.globCharacters)} characters`;
  if (!innerPath(glob)) return 'must be a path within the workspace, such as dist/** or report.html';
  return foreign.test(glob)
    ? 'may have *, ** and ? as wildcards, and no brackets, braces, backslashes or !'
    : undefined;
}

/**
 * Tells which files the globs name. `*` and `?` stand for characters of one name, `**` for any number of folders. A glob that names
 * a folder names everything in it. A wildcard stands for no name that begins with a dot.
 */
export function globMatcher(globs: readonly string[]): (path: string) => boolean {
  const patterns = globs.flatMap((glob) => {
    const path = innerPath(glob);
    return path ? [path.split('/')] : [];
  });
  return (path) => {
    const names = path.split('/');
    return patterns.some((pattern) => matchesPath(pattern, names));
  };
}

/** Step by step, with all states at once: no pattern takes more than its length times the path's. */
function matchesPath(pattern: readonly string[], names: readonly string[]): boolean {
  let states = skipped(new Set([0]), pattern);
  for (const name of names) {
    const next = new Set<number>();
    for (const at of states) {
      const part = pattern[at] ?? '';
      if (part === '**' && !name.startsWith('.')) next.add(at);
      else if (part !== '**' && matchesName(part, name)) next.add(at + 1);
    }
    states = skipped(next, pattern);
    // The path so far is named: so is everything in it.
    if (states.has(pattern.length)) return true;
  }
  return false;
}

/** The states with those behind a `**`, which may stand for nothing. */
function skipped(states: Set<number>, pattern: readonly string[]): Set<number> {
  for (const at of states) if (pattern[at] === '**') states.add(at + 1);
  return states;
}

function matchesName(part: string, name: string): boolean {
  if (name.startsWith('.') && !part.startsWith('.')) return false;
  let states = new Set([0]);
  for (const letter of name) {
    const next = new Set<number>();
    for (const at of starred(states, part)) {
      if (part[at] === '*') next.add(at);
      else if (part[at] === '?' || part.startsWith(letter, at)) next.add(at + (part[at] === '?' ? 1 : letter.length));
    }
    states = next;
  }
  return starred(states, part).has(part.length);
}

function starred(states: Set<number>, part: string): Set<number> {
  for (const at of states) if (part[at] === '*') states.add(at + 1);
  return states;
}
