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
export async function present(mark: Mark, roots: readonly number[]): Promise<readonly SeenProcess[]> {
  return belonging(await seeProcesses(mark), roots);
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
function terminate(aim: SweepAim, orphans: readonly SeenProcess[]): Promise<number> {
  for (const { pid } of orphans) {
    signal(pid, 'SIGTERM');
    // one that was stopped hears it only when it goes on
    signal(pid, 'SIGCONT');
  }
  return until(aim, aim.terminateMs);
}

/** Waits until there are no orphans, and signals those that there are; how many are left at the limit. */
async function until(aim: SweepAim, limitMs: number, name?: NodeJS.Signals): Promise<number> {
  const end = aim.clock.monotonic() + limitMs;
  for (;;) {
    const orphans = await findOrphans(aim);
    if (orphans.length === 0 || aim.clock.monotonic() > end) return orphans.length;
    if (name !== undefined) for (const { pid } of orphans) signal(pid, name);
    await aim.clock.sleep(5);
  }
}

async function findOrphans(aim: SweepAim): Promise<readonly SeenProcess[]> {
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
