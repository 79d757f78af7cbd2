import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Parts of a Kubernetes cluster whose processes are on this machine. */
export type ClusterPart = 'apiserver' | 'kubelet';

/**
 * Process ids of a part: of the process whose id is in the file of that name in `REMUDA_TEST_CLUSTER_PIDS`, and of those that it started.
 * None where there is no such file, since the cluster runs elsewhere. Linux only: it reads `/proc`.
 */
export async function pidsOf(part: ClusterPart, env = process.env): Promise<readonly number[]> {
  const folder = env['REMUDA_TEST_CLUSTER_PIDS'] ?? '';
  if (folder === '') return [];
  const pid = (await readFile(join(folder, part), 'utf8').catch(() => '')).trim();
  if (pid === '') return [];
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return [pid, ...children.split(' ')].filter(Boolean).map(Number);
}
