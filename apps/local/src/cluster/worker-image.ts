import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { RemudaError } from '@remuda/domain';

const root = join(import.meta.dirname, '../../../..');
const tellEveryMs = 10_000;

/**
 * Builds the worker image unless it exists with the same content; reports each build step, and every 10 s the time so
 * far. Rejects with `container.start_failed` and the last lines of a failed build.
 */
export async function provideWorkerImage(
  env: Readonly<Record<string, string | undefined>>,
  say: (line: string) => void = () => undefined,
): Promise<void> {
  const began = performance.now();
  const timer = setInterval(() => {
    say(`worker image: ${((performance.now() - began) / 1_000).toFixed(0)} s so far`);
  }, tellEveryMs);
  try {
    const { code, lines } = await runBuild(env, say);
    if (code === 0) return;
    const last = lines.slice(-15).join('\n');
    throw new RemudaError('container.start_failed', `The worker image could not be built:\n${last}`);
  } finally {
    clearInterval(timer);
  }
}

function runBuild(
  env: Readonly<Record<string, string | undefined>>,
  say: (line: string) => void,
): Promise<{ readonly code: number | null; readonly lines: readonly string[] }> {
  const build = spawn(process.execPath, [join(root, 'docker/build.mjs'), 'worker'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const input of [build.stdout, build.stderr])
    createInterface({ input }).on('line', (line) => {
      lines.push(line);
      const step = buildStep(line);
      if (step !== undefined) say(`worker image: ${step}`);
    });
  return new Promise((resolve, reject) => {
    build.once('error', reject);
    build.once('close', (code) => {
      resolve({ code, lines });
    });
  });
}

/**
 * The progress in a line of a build's output, for a person; undefined for other lines. Supports both of Docker's
 * builders.
 */
export function buildStep(line: string): string | undefined {
  const own = /^worker: ((?:building|built) .*)$/.exec(line)?.[1];
  const step = /^Step (\d+\/\d+) : (\w+)/.exec(line) ?? /^#\d+ \[(?:[\w-]+ )?(\d+\/\d+)\] (\w+)/.exec(line);
  return own ?? (step ? `step ${step[1] ?? ''}, ${step[2] ?? ''}` : undefined);
}
