import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { partsOf } from './src/processes.js';

const main = join(import.meta.dirname, 'dist/main.js');
/** The longest that a part may take to end, and some more. */
const inTime = { timeout: 120_000, interval: 250 };

test.skipIf(process.platform !== 'linux')(
  'a run that is killed leaves no part of its cluster and no worker behind',
  { timeout: 300_000 },
  async () => {
    const run = spawn(process.execPath, [main, '--jobs', '20', '--minutes', '2', '--seed', '1'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let namespace: string | undefined;
    run.stdout.on('data', (chunk: Buffer) => (namespace ??= /namespace (chaos-\w+)/.exec(chunk.toString())?.[1]));
    await expect.poll(() => namespace, inTime).toBeDefined();
    expect((await partsOf(namespace!)).length).toBeGreaterThan(5);
    run.kill('SIGKILL');
    await once(run, 'exit');
    await expect.poll(() => partsOf(namespace!), inTime).toEqual([]);
  },
);
