import type { TestProject } from 'vitest/node';
import { findRedisFacts } from '../apps/local/src/redis/redis-facts.js';
import { installRedis } from '../apps/local/src/redis/redis-install.js';
import { adviseRedis, planRedis } from '../apps/local/src/redis/redis-plan.js';
import { engineAnswers } from '../apps/local/src/cluster/runtime-choice.js';
import { provideWorkerImage } from '../apps/local/src/cluster/worker-image.js';
import { provideVersions } from './claude-versions/provided.js';

const tell = (line: string) => process.stdout.write(`prepare: ${line}\n`);

/** Runs before the tests with real parts: a Redis server can be started afterwards, and the worker image and Claude Code are there. */
export default async function prepare(project: TestProject): Promise<void> {
  await provideRedis();
  project.provide('claudeVersions', await provideVersions(project.name, process.env['REMUDA_TRY_CLAUDE']));
  if (['e2e', 'slow'].includes(project.name) && (await engineAnswers(process.env['DOCKER_HOST'])))
    await provideWorkerImage(process.env);
}

/** Tests kill, freeze and fail over their Redis, which a server of this machine's own bears best: so that comes before one in Docker. */
async function provideRedis(): Promise<void> {
  const facts = await findRedisFacts({ ...process.env, REMUDA_REDIS_URL: '' });
  const ways = planRedis(facts);
  if (ways.length === 0) throw new Error(adviseRedis(facts));
  const way = ways.find(({ kind }) => kind === 'install');
  if (facts.server !== undefined || way?.kind !== 'install') return;
  await installRedis(way, { env: process.env, say: tell });
}
