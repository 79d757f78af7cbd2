import type { JobRequest } from '@remuda/protocol';
import { bash, carryOut, idleWorker, watchTmp, type Done, type Stage } from '../stage.js';
import { seen, type Verdict } from '../verdict.js';

/** Traps by the attack that they belong to; the rest of `/tmp/ran-…` is `patch.other`. */
const traps: Readonly<Record<string, readonly string[]>> = {
  'patch.hooks': ['hooks'],
  'patch.fsmonitor': ['fsmonitor'],
  'patch.filters': ['filters'],
  'patch.diff_programs': ['diff', 'textconv', 'pager', 'merge'],
  'patch.signature': ['signature'],
  'patch.promisor': ['promisor'],
  'patch.nested': ['nested-filter', 'nested-fsmonitor'],
  'patch.other': ['ssh', 'editor', 'alternates', 'credential', 'alias'],
  'repository.hooks': ['repository-hook', 'repository-helper', 'repository-status'],
  'repository.mcp': ['repository-mcp'],
};

/** A repository that runs code in whoever looks at it, while the worker puts the patch together. */
export async function tryPatch(stage: Stage): Promise<readonly Verdict[]> {
  const plain = await trapped(stage, '');
  const missing = await trapped(stage, 'PROMISOR=1');
  const ran = [...plain.ran, ...missing.ran];
  const patch = plain.done.result.git?.patch ?? '';
  return [
    seen(
      'control.patch',
      plain.armed && missing.armed && patch.includes('changed.txt'),
      `${patch.length} bytes of patch; ${(plain.done.result.warnings ?? []).join(' ')}`,
    ),
    ...Object.entries(traps).map(([id, names]) => sprung(id, names, ran)),
    symlinks(patch),
  ];
}

/** What ran in a container while the worker looked at a repository full of traps. */
export async function trapped(
  stage: Stage,
  env: string,
  more: Partial<JobRequest> = {},
): Promise<{ done: Done; ran: readonly string[]; armed: boolean }> {
  const { container } = await idleWorker(stage, 'default');
  const heard = await watchTmp(container);
  const done = await carryOut(stage, 'default', [bash(`${env} bash hostile/repository.sh`)], more);
  const names = heard();
  const armed = names.indexOf('ran-armed');
  const ran = names.filter((name, at) => at > armed || name.startsWith('ran-repository'));
  return { done, ran: ran.map((name) => name.slice('ran-'.length)), armed: armed >= 0 };
}

function sprung(id: string, names: readonly string[], ran: readonly string[]): Verdict {
  const found = names.filter((name) => ran.includes(name) || ran.includes(`worker-${name}`));
  return seen(
    id,
    found.length === 0,
    found.length === 0 ? `none of ${names.join(', ')} ran` : `ran: ${found.join(', ')}`,
  );
}

function symlinks(patch: string): Verdict {
  const links = [...patch.matchAll(/^new file mode 120000$/gm)].length;
  const leaked = /root:[x*]:0|PATH=|daemon:/.test(patch);
  return seen('patch.symlinks', links >= 5 && !leaked, `${links} links in the patch, each as its target's name`);
}
