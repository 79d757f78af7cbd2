import { failureOf } from '@remuda/domain';
import type { GitFolder } from './git.js';
import { Comparison, type Collected } from './patch/comparison.js';
import { OwnGit, type Trust } from './patch/own-git.js';
import type { Transport } from './workspace.js';

export { maxPatchBytes, type Collected } from './patch/comparison.js';

/**
 * Compares a workspace with the commit that the job started from: its commits and all differences, including new files.
 * Nothing in the repository's configuration is executed, and links are compared, not followed. Never rejects. If the
 * job has broken or replaced its repository, its files are compared with the commit itself, which is fetched again if
 * possible; what is not available is left out and named in a warning.
 */
export async function collectWorkspace(at: GitFolder, base: string, again?: Transport): Promise<Collected> {
  const faults: string[] = [];
  for (const trust of ['all', 'objects', 'none'] as const) {
    if (trust === 'none' && again === undefined) break;
    try {
      const { git, warnings } = await collectBy(at, base, trust, again);
      const broken = 'The job’s repository is broken or was replaced; its files were compared.';
      return { ...(git ? { git } : {}), warnings: trust === 'all' ? warnings : [broken, ...warnings] };
    } catch (error) {
      faults.push(failureOf(error).message);
    }
  }
  return { warnings: [`The repository could not be compared: ${faults.at(0) ?? 'no reason given'}`] };
}

async function collectBy(at: GitFolder, base: string, trust: Trust, again?: Transport): Promise<Collected> {
  await using own = await OwnGit.make(at, trust);
  if (trust === 'none' && again) {
    const { remote, config = {}, env = {}, timeoutMs = 60_000 } = again;
    const args = ['fetch', '--quiet', '--no-tags', '--depth=1', '--no-write-fetch-head', '--', remote, base];
    const signal = again.signal ? { signal: again.signal } : {};
    await own.run(args, { config, env: { GIT_ALLOW_PROTOCOL: 'ext:file', ...env }, timeoutMs, ...signal });
  }
  await own.run(['cat-file', '-e', `${base}^{tree}`]);
  return await new Comparison(at, own, base).collect();
}
