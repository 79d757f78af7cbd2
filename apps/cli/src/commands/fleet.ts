import type { Pool } from '@remuda/client';
import { exitCodes } from '../exit-code.js';
import type { Session } from '../session.js';
import { table } from '../view/table.js';

/** Shows the pools: their workers, what waits, and why. */
export async function pools(session: Session): Promise<number> {
  const all = await session.client.pools();
  if (session.json) session.print(JSON.stringify(all));
  else {
    const titles = ['profile', 'warm', 'idle', 'busy', 'starting', 'most', 'waiting', 'delayed', 'running'];
    session.print(table(titles, all.map(rowOf)));
    for (const pool of all)
      for (const why of reasonsOf(pool)) session.print(session.paint.yellow(`${pool.profile}: ${why}`));
  }
  return exitCodes.ok;
}

const rowOf = ({ profile, warm, workers, max, waiting, delayed, running }: Pool): readonly string[] =>
  [
    profile,
    warm,
    workers['idle'] ?? 0,
    workers['busy'] ?? 0,
    workers['starting'] ?? 0,
    max,
    waiting,
    delayed,
    running,
  ].map(String);

/** Why a pool does less than it might: halts, starts that fail, and what new workers wait for. */
export function reasonsOf({ halts, starts }: Pick<Pool, 'halts' | 'starts'>): readonly string[] {
  return [
    ...halts.map(({ kind, reason }) => `${kind}: ${reason}`),
    ...(starts?.failure === undefined ? [] : [`${starts.failed} starts failed: ${starts.failure}`]),
    ...(starts?.waits ?? []).map(({ workers, message }) => `${workers} starting workers wait: ${message}`),
  ];
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
