import { createLogUpdate } from 'log-update';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes } from '../exit-code.js';
import type { Session } from '../session.js';
import type { Surroundings } from '../surroundings.js';
import { reasonOf } from '../reason-of.js';
import { fleetPage, type Fleet } from '../view/fleet-page.js';

/** Running jobs that are asked for at most. */
const mostJobs = 50;

/**
 * Shows pools, workers and running jobs, and again each `everyMs`, until Ctrl-C; where there is no terminal, or for a program
 * (`--json`), once.
 */
export async function top(
  session: Session,
  { everyMs, around }: { readonly everyMs: number; readonly around: Surroundings },
): Promise<number> {
  if (session.json) {
    session.print(JSON.stringify(await look(session)));
    return exitCodes.ok;
  }
  const page = (fleet: Fleet): string =>
    fleetPage(fleet, {
      ...{ url: session.client.url, now: performance.timeOrigin + performance.now(), paint: session.paint },
      ...{ columns: around.stdout.columns ?? 100, rows: around.stdout.rows ?? 1_000 },
    });
  if (around.stdout.isTTY !== true) {
    session.print(page(await look(session)));
    return exitCodes.ok;
  }
  const screen = createLogUpdate(process.stdout);
  let latest = page(await look(session));
  screen(latest);
  while (await pause(everyMs, session.leaving)) {
    const looked = await look(session).catch((error: unknown) => reasonOf(error));
    if (typeof looked !== 'string') latest = page(looked);
    // the latest page stays while there is no newer one
    screen(typeof looked === 'string' ? `${latest}\n${session.paint.yellow(`! ${looked}`)}` : latest);
  }
  screen.done();
  return exitCodes.ok;
}

/** Resolves with false when the person leaves. */
const pause = (ms: number, leaving: AbortSignal): Promise<boolean> =>
  sleep(ms, undefined, { signal: leaving }).then(
    () => true,
    () => false,
  );

async function look({ client }: Session): Promise<Fleet> {
  const [pools, workers, { jobs }] = await Promise.all([
    client.pools(),
    client.workers(),
    client.jobs({ state: 'running', limit: mostJobs }),
  ]);
  return { pools, workers, jobs };
}
