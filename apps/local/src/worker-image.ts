import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RemudaError } from '@remuda/domain';

const root = join(import.meta.dirname, '../../..');

/**
 * Builds the image of the workers unless it is there, made of the same parts as now. Rejects with
 * `container.start_failed` and the last lines of the build when it fails.
 */
export async function provideWorkerImage(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, [join(root, 'docker/build.mjs'), 'worker'], {
      cwd: root,
      env,
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    const lines = `${stdout}\n${stderr}`.trim().split('\n').slice(-15).join('\n');
    throw new RemudaError('container.start_failed', `The worker image could not be built:\n${lines}`, { cause: error });
  }
}
