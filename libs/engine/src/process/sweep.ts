import type { Clock } from '@remuda/domain';
import { belonging } from '../runner/processes.js';
import type { Runner, SeenProcess } from '../runner/runner.port.js';

/** Identifies a process beyond its pid, which may be reused. */
export const nameOf = (one: SeenProcess): string => `${String(one.pid)}@${one.startedAt}`;

/** Where to look for an engine's processes, and their mark. */
export interface SweepPlace {
  readonly runner: Runner;
  readonly scope: string;
}

/** What to end, and what to spare. */
export interface SweepAim extends SweepPlace {
  /**
   * Our own processes; they and their descendants belong to the engine. Asked for after each scan, since one may start
   * meanwhile.
   */
  readonly roots: () => readonly number[];
  /** Roots that are spared, with all their descendants. */
  readonly spared: () => readonly number[];
  /** Other processes that are spared, by name. */
  readonly baseline: ReadonlySet<string>;
  /** From SIGTERM to SIGKILL, in ms; 0 for SIGKILL at once. */
  readonly terminateMs: number;
  /** Timeout from then on until all processes are gone, in ms. */
  readonly limitMs: number;
  readonly clock: Clock;
}

/** What a sweep found, what it needed, and what survived. */
export interface Swept {
  /** The program of each process that was found; `?` where it is unknown. */
  readonly found: readonly string[];
  readonly by?: 'terminate' | 'kill';
  readonly left: number;
}

/** All processes of the engine at this moment. */
export async function present({ runner, scope }: SweepPlace, roots: () => readonly number[]) {
  return belonging(await runner.processes(scope), roots());
}

/**
 * Ends all processes of the engine that are not spared: SIGTERM once to each, then SIGKILL repeatedly until none is
 * left or the limit is reached. What is left was seen after that.
 */
export async function sweep(aim: SweepAim): Promise<Swept> {
  const orphans = await findOrphans(aim);
  const found = orphans.map((one) => one.program ?? '?');
  if (found.length === 0) return { found, left: 0 };
  if (aim.terminateMs > 0 && (await terminate(aim, orphans)) === 0) return { found, by: 'terminate', left: 0 };
  return { found, by: 'kill', left: await until(aim, aim.limitMs, 'SIGKILL') };
}

/** Only the first scan's processes get SIGTERM: later ones may be part of their shutdown. */
async function terminate(aim: SweepAim, orphans: readonly SeenProcess[]): Promise<number> {
  const pids = orphans.map(({ pid }) => pid);
  await aim.runner.signal(pids, 'SIGTERM');
  // a stopped process handles it only when it continues
  await aim.runner.signal(pids, 'SIGCONT');
  return until(aim, aim.terminateMs);
}

/** Waits until there are no orphans, and signals those that exist; resolves with how many are left at the limit. */
async function until(aim: SweepAim, limitMs: number, name?: NodeJS.Signals): Promise<number> {
  const end = aim.clock.monotonic() + limitMs;
  for (;;) {
    const orphans = await findOrphans(aim);
    if (orphans.length === 0 || aim.clock.monotonic() > end) return orphans.length;
    const pids = orphans.map(({ pid }) => pid);
    if (name !== undefined) await aim.runner.signal(pids, name);
    await aim.clock.sleep(5);
  }
}

async function findOrphans(aim: SweepAim): Promise<readonly SeenProcess[]> {
  const seen = await aim.runner.processes(aim.scope);
  const roots = aim.roots();
  const unmarked = seen.map((one) => ({ ...one, marked: false }));
  const spared = new Set(belonging(unmarked, aim.spared()).map((one) => one.pid));
  return belonging(seen, roots).filter(
    (one) => !spared.has(one.pid) && !roots.includes(one.pid) && !aim.baseline.has(nameOf(one)),
  );
}
