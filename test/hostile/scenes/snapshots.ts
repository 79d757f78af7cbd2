import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { snapshotName } from '@remuda/domain';
import { readSnapshot } from '@remuda/protocol';
import { attackWith, carryOut, idleWorker, maxSnapshotMb, openSocket, type Stage } from '../stage.js';
import { seen, type Verdict } from '../verdict.js';

/** The listener by which snapshots go to the host's disk: shut, and then as if it were open to all. */
export async function trySnapshots(stage: Stage): Promise<readonly Verdict[]> {
  const { cluster, victim } = stage;
  const folder = join(cluster.socketDir, '..', 'blobs', cluster.namespace, 'snapshots');
  const name = await victimsSnapshot(stage);
  const theirs = async () => hashOf(await readFile(join(folder, name)));
  const before = await theirs();
  await idleWorker(stage, 'default');
  const shut = await carryOut(stage, 'default', [
    attackWith('snapshot.mjs', { part: 'closed' }),
    attackWith('bridge.mjs', { part: 'live' }),
  ]);
  await openSocket(stage, (await idleWorker(stage, 'default')).worker, 'snapshot');
  const open = await carryOut(stage, 'default', [
    attackWith('snapshot.mjs', { part: 'ended', ended: String(shut.notes['token']) }),
    attackWith('snapshot.mjs', { part: 'open', victim, theirs: before, maxMb: maxSnapshotMb }),
  ]);
  // what is still being written, or was given up a moment ago, is a draft
  let names = await readdir(folder);
  for (let tries = 0; names.some((each) => each.startsWith('.draft-')) && tries < 100; tries++) {
    await sleep(100);
    names = await readdir(folder);
  }
  const foreign = names.filter((each) => each !== name && !each.startsWith(`${open.id}.`));
  const same = (await theirs()) === before;
  return [
    ...shut.verdicts.filter(({ id }) => id === 'snapshot.socket'),
    ...open.verdicts,
    seen(
      'snapshot.over_another',
      same && foreign.length === 0,
      `the other's snapshot is ${same ? 'as it was' : 'another one'}; besides there is ${foreign.join(' ') || 'nothing of others'}`,
    ),
  ];
}

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** A snapshot of the other job's there is after some seconds. */
async function victimsSnapshot({ redis, keys, victim }: Stage): Promise<string> {
  for (let tries = 0; tries < 600; tries++) {
    const snapshot = readSnapshot((await redis.hget(keys.job(victim.job), 'snapshot')) ?? '');
    if (snapshot) return snapshotName(victim.job, snapshot);
    await sleep(100);
  }
  throw new Error('the other job has no snapshot');
}
