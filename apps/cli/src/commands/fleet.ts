import { exitCodes } from '../exit-code.js';
import type { Session } from '../session.js';
import { poolRow, poolTitles, reasonsOf } from '../view/pool-table.js';
import { table } from '../view/table.js';
import { tenantRow, tenantTitles } from '../view/tenant-table.js';

/** Shows the pools: their workers, what waits, and why. */
export async function pools(session: Session): Promise<number> {
  const all = await session.client.pools();
  if (session.json) session.print(JSON.stringify(all));
  else {
    const tenants = await session.client.tenants();
    session.print(table(poolTitles, all.map(poolRow)));
    for (const pool of all)
      for (const why of reasonsOf(pool)) session.print(session.paint.yellow(`${pool.profile}: ${why}`));
    // One without limits is everybody.
    if (tenants.length > 1 || Object.keys(tenants[0]?.limits ?? {}).length > 0)
      session.print(`\n${table(tenantTitles, tenants.map(tenantRow))}`);
  }
  return exitCodes.ok;
}

/** Shows the tenants: their jobs and dollars, each with its limit, and what holds them up. */
export async function tenants(session: Session): Promise<number> {
  const all = await session.client.tenants();
  session.print(session.json ? JSON.stringify(all) : table(tenantTitles, all.map(tenantRow)));
  return exitCodes.ok;
}

/** Shows the workers. */
export async function workers(session: Session): Promise<number> {
  const all = await session.client.workers();
  if (session.json) session.print(JSON.stringify(all));
  else if (all.length === 0) session.say('There is no worker.');
  else
    session.print(
      table(
        ['id', 'profile', 'phase', 'job', 'jobs done', 'Claude Code'],
        all.map(({ id, profile, phase, job, jobsDone, claudeVersion }) => [
          id,
          profile,
          phase,
          job ?? '',
          String(jobsDone),
          claudeVersion ?? '',
        ]),
      ),
    );
  return exitCodes.ok;
}

/** Lets a pool's workers finish and leave. */
export async function drain(session: Session, profile: string, reason: string | undefined): Promise<number> {
  await session.client.drainPool(profile, reason);
  session.say(`${profile} is being drained; "remuda resume ${profile}" ends it.`);
  return exitCodes.ok;
}

/** Ends a pool's pause, drain or suspension. */
export async function resume(session: Session, profile: string): Promise<number> {
  await session.client.resumePool(profile);
  session.say(`${profile} starts jobs again.`);
  return exitCodes.ok;
}
