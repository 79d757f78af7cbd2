import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { kubeconfig } from '../../contract/containers/real-cluster.js';

const program = process.env['REMUDA_TEST_KUBECTL'] ?? 'kubectl';

/** Whether an operator's command is here: `REMUDA_TEST_KUBECTL`, or `kubectl` in `PATH`. */
export const hasKubectl = spawnSync(program, ['version', '--client']).status === 0;

/** Runs it on the cluster of the tests, and gives what it printed; rejects with that where it fails. */
export async function kubectl(...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(program, ['--kubeconfig', kubeconfig, ...args]);
  return stdout + stderr;
}
