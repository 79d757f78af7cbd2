import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startCluster } from './harness/cluster.js';

test('a job whose Claude does not start fails with the last lines that it printed', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'remuda-broken-'));
  const claude = join(dir, 'claude');
  await writeFile(claude, '#!/bin/sh\necho "the oven is cold" >&2\nexit 3\n');
  await chmod(claude, 0o755);
  const cluster = await startCluster({ runtime: 'process', env: { REMUDA_CLAUDE: claude } });
  try {
    const id = await cluster.api.submit({ prompt: 'x' });
    const job = await cluster.api.over(id);
    expect(job).toMatchObject({ state: 'failed', start: { kind: 'cold' }, failure: { code: 'engine.start_failed' } });
    expect(job.failure?.lastLines).toContain('the oven is cold');
  } finally {
    await cluster.stop();
    await rm(dir, { recursive: true, force: true });
  }
});
