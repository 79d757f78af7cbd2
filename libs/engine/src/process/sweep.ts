import type { Clock } from '@remuda/domain';
import { belonging } from '../runner/processes.js';
import type { Runner, SeenProcess } from '../runner/runner.port.js';

/** Names a process beyond its number, which is given again to later ones. */
export const nameOf = (one: SeenProcess): string => `${String(one.pid)}@${one.startedAt}`;

/** Where an engine's processes are looked for, and by which mark. */
export interface SweepPlace {
  readonly runner: Runner;
  readonly scope: string;
}

/** What is swept, and what is spared. */
export interface SweepAim extends SweepPlace {
  /** Processes of ours; they and what descends from them belong to the engine. Asked for after each look: one may start meanwhile. */
  readonly roots: () => readonly number[];
  /** Of the roots, those that stay, with all that descends from them. */
  readonly spared: () => readonly number[];
  /** Others that stay, by name. */
  readonly baseline: ReadonlySet<string>;
  /** Between SIGTERM and SIGKILL, in ms; 0 for SIGKILL at once. */
  readonly terminateMs: number;
  /** How long it may take from then on until all is gone, in ms. */
  readonly limitMs: number;
  readonly clock: Clock;
}

/** What a sweep found, what it took, and what outlived it. */
export interface Swept {
  readonly found: number;
  readonly by?: 'terminate' | 'kill';
  readonly left: number;
}

/** All that belongs to the engine at this moment. */
export async function present({ runner, scope }: SweepPlace, roots: () => readonly number[]) {
  return belonging(await runner.processes(scope), roots());
}

/**
 * Ends all that belongs to the engine and is not spared: SIGTERM once to each, then SIGKILL again and again until it is gone or
 * the limit is reached. What is left was seen after that.
 */
export async function sweep(aim: SweepAim): Promise<Swept> {
  const orphans = await findOrphans(aim);
  const found = orphans.length;
  if (found === 0) return { found, left: 0 };
  if (aim.terminateMs > 0 && (await terminate(aim, orphans)) === 0) return { found, by: 'terminate', left: 0 };
  return { found, by: 'kill', left: await until(aim, aim.limitMs, 'SIGKILL') };
}

/** Only what was found first is told: what it starts now may be what it has to do before it ends. */
async function terminate(aim: SweepAim, orphans: readonly SeenProcess[]): Promise<number> {
  const pids = orphans.map(({ pid }) => pid);
  await aim.runner.signal(pids, 'SIGTERM');
  // one that was stopped hears it only when it goes on
  await aim.runner.signal(pids, 'SIGCONT');
  return until(aim, aim.terminateMs);
}

/** Waits until there are no orphans, and signals those that there are; how many are left at the limit. */
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
