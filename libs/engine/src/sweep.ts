import type { Clock } from '@remuda/domain';
import { belonging, seeProcesses, type Mark, type SeenProcess } from './processes.js';

/** Names a process beyond its number, which is given again to later ones. */
export const nameOf = (one: SeenProcess): string => `${String(one.pid)}@${one.startedAt}`;

/** What is swept, and what is spared. */
export interface SweepAim {
  readonly mark: Mark;
  /** Processes of ours; they and what descends from them belong to the engine. */
  readonly roots: readonly number[];
  /** Of the roots, those that stay, with all that descends from them. */
  readonly spared: readonly number[];
  /** Others that stay, by name. */
  readonly baseline: ReadonlySet<string>;
  /** How long it may take until all is gone, in ms. */
  readonly limitMs: number;
  readonly clock: Clock;
}

/** All that belongs to the engine at this moment. */
export async function present(mark: Mark, roots: readonly number[]): Promise<readonly SeenProcess[]> {
  return belonging(await seeProcesses(mark), roots);
}

/** Kills all that belongs to the engine and is not spared, again and again until it is gone; false when some outlives the limit. */
export async function sweep(aim: SweepAim): Promise<boolean> {
  const until = aim.clock.now() + aim.limitMs;
  for (;;) {
    const strays = await findStrays(aim);
    if (strays.length === 0) return true;
    if (aim.clock.now() > until) return false;
    for (const stray of strays) signal(stray.pid, 'SIGKILL');
    await aim.clock.sleep(5);
  }
}

async function findStrays(aim: SweepAim): Promise<readonly SeenProcess[]> {
  const seen = await seeProcesses(aim.mark);
  const unmarked = seen.map((one) => ({ ...one, marked: false }));
  const spared = new Set(belonging(unmarked, aim.spared).map((one) => one.pid));
  return belonging(seen, aim.roots).filter(
    (one) =>
      one.pid !== process.pid && !spared.has(one.pid) && !aim.roots.includes(one.pid) && !aim.baseline.has(nameOf(one)),
  );
}

/** Signals a process; one that is gone already needs none. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
