import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../../../apps/local/dist/cluster/free-port.js';
import { startProcess } from '../../../apps/local/dist/cluster/kept-process.js';
import type { OwnPostgres } from './own-postgres.js';

const api = join(import.meta.dirname, '../../../apps/api/dist/main.js');
const profiles = 10;
const teams = 50;
const [requests, unmeasured] = [400, 40];

/** Fills the archive with jobs of a year: each of some profiles, teams and states, one in a hundred has failed. */
export async function fillHistory(postgres: OwnPostgres, jobs: number): Promise<void> {
  const spec = `json_build_object('profile', 'p-' || i % ${profiles}, 'labels', json_build_object('team', 't-' || i % ${teams}), 'workspace', json_build_object('kind', 'empty'), 'priority', 5, 'timeoutMs', 60000, 'attempts', 3, 'deltas', false, 'metadata', json_build_object())`;
  const state = `case when i % 100 = 0 then 'failed' else 'succeeded' end`;
  const at = `(1735689600000 + i * 30000::bigint)`;
  // Nothing of it has to survive, and an index is made sooner than it is kept up: minutes instead of a quarter of an hour;
  // by one process each, since a container has little memory to share.
  await postgres.run('alter system set fsync = off');
  await postgres.run('select pg_reload_conf()');
  const indexes = (await postgres.run(
    `select indexname, indexdef from pg_indexes where tablename in ('jobs', 'job_labels') and indexname !~ 'pkey$'`,
  )) as readonly { readonly indexname: string; readonly indexdef: string }[];
  for (const { indexname } of indexes) await postgres.run(`drop index ${indexname}`);
  await postgres.run(`
    insert into jobs (tenant, id, state, profile, labels, queued_at, over_at, record, prompt, attempts, search)
    select 'default', 'h-' || i, ${state}, 'p-' || i % ${profiles}, array['team=t-' || i % ${teams}], ${at}, ${at} + 5000,
      json_build_object('tenant', 'default', 'id', 'h-' || i, 'spec', ${spec}, 'state', ${state}, 'attempt', 1, 'failures', 0,
        'requeues', 0, 'lease', 1, 'times', json_build_object('queuedAt', ${at}, 'overAt', ${at} + 5000))::text,
      '"Refactor the module"', '[]', to_tsvector('simple', 'refactor module ' || i)
    from generate_series(1, ${jobs}) as i`);
  await postgres.run(`
    insert into job_labels (tenant, label, queued_at, id, state, profile)
    select tenant, unnest(labels), queued_at, id, state, profile from jobs order by 1, 2, 3, 4`);
  for (const { indexdef } of indexes)
    await postgres.run(`set maintenance_work_mem = '512MB'; set max_parallel_maintenance_workers = 0; ${indexdef}`);
  await postgres.run('alter system reset fsync');
  await postgres.run('select pg_reload_conf()');
  await postgres.run('vacuum (analyze, parallel 0) jobs, job_labels');
}

/** What lists with two filters take over HTTP, in ms. */
export async function listTimes(redisUrl: string, databaseUrl: string, dir: string): Promise<readonly number[]> {
  const port = await freePort();
  const started = startProcess({
    ...{ name: 'api', run: { app: api }, log: `${dir}/api.log` },
    env: {
      ...{ REMUDA_REDIS_URL: redisUrl, REMUDA_NAMESPACE: 'bench-list', REMUDA_API_PORT: String(port) },
      REMUDA_DATABASE_URL: databaseUrl,
    },
  });
  try {
    const url = `http://127.0.0.1:${port}/api/v1/jobs`;
    const asks = [
      (i: number) => `state=failed&profile=p-${i % profiles}`,
      (i: number) => `label=team:t-${i % teams}&state=succeeded`,
      (i: number) => `label=team:t-${i % teams}&profile=p-${(i * 3) % profiles}`,
      (i: number) => `label=team:t-${i % teams}&state=failed`,
    ];
    let there = false;
    while (!there) {
      await setTimeout(100);
      there = await fetch(`${url}?state=failed&limit=1`).then(
        async (answer) => answer.ok && !(await answer.text()).includes('incomplete'),
        () => false,
      );
    }
    const times: number[] = [];
    for (let i = 0; i < requests + unmeasured; i++) {
      const began = performance.now();
      const answer = await fetch(`${url}?${asks[i % asks.length]?.(i * 7) ?? ''}`);
      await answer.arrayBuffer();
      times.push(performance.now() - began);
    }
    return times.slice(unmeasured);
  } finally {
    await started.stop(10_000);
  }
}
