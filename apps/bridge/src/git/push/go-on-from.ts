import type { PushNote } from '@remuda/protocol';
import type { Quarantine } from './quarantine.js';

/**
 * Makes a job's commits go on from an earlier push of the same session, or of an earlier attempt, so that the branch can be moved on
 * without force. The workspace does not have the last commit of that push where it was made of uncommitted changes. So a last commit that was
 * made that way again is put on top of it; others are joined with it by a merge. Either has the files of `head`. Resolves with
 * the commit to push: `tip` itself if there is nothing new.
 */
export async function goOnFrom(
  quarantine: Pick<Quarantine, 'git' | 'write'>,
  tip: string,
  { head, isMade = false }: PushNote,
): Promise<string> {
  const read = async (...args: string[]): Promise<string> => (await quarantine.git(args)).trim();
  const tree = await read('rev-parse', `${head}^{tree}`);
  const [, ...parents] = (await read('rev-list', '--parents', '--max-count=1', head)).split(' ');
  const [parent = ''] = parents;
  const isOnTop =
    isMade && parents.length === 1 && (await read('merge-base', '--is-ancestor', parent, tip).then(yes, () => false));
  if (isOnTop && tree === (await read('rev-parse', `${tip}^{tree}`))) return tip;
  const made = await quarantine.git(['cat-file', 'commit', head]);
  return quarantine.write(isOnTop ? withParent(made, tip) : mergeOf({ tree, parents: [tip, head], made }));
}

const yes = (): boolean => true;

/** The same commit, with another parent. */
const withParent = (commit: string, parent: string): string => commit.replace(/^parent .*$/m, `parent ${parent}`);

/** A merge by Claude, at the time of the commit that it joins. */
function mergeOf(of: { readonly tree: string; readonly parents: readonly string[]; readonly made: string }): string {
  const [, time = '0 +0000'] = /^committer .*> (\d+ [+-]\d{4})$/m.exec(of.made) ?? [];
  const by = `Claude <claude@remuda.invalid> ${time}`;
  const lines = [`tree ${of.tree}`, ...of.parents.map((id) => `parent ${id}`), `author ${by}`, `committer ${by}`];
  return `${lines.join('\n')}\n\nJoin what was pushed before\n`;
}
