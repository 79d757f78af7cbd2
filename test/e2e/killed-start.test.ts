import { expect, test } from 'vitest';
import { hasEngine } from './harness/cluster.js';
import { inTime, LocalRun } from './harness/local-run.js';

test.skipIf(process.platform !== 'linux')(
  'npm start leaves no process and no container when it is killed',
  async () => {
    await using run = await LocalRun.up();
    if (hasEngine) await expect.poll(() => run.containers().length, inTime).toBeGreaterThan(0);
    run.kill('SIGKILL');
    await run.ended();
    await expect.poll(() => run.running(), inTime).toEqual([]);
    if (hasEngine) expect(run.containers()).toEqual([]);
  },
);
