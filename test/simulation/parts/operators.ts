import { RemudaError } from '@remuda/domain';
import type { RedisPoolControls } from '@remuda/redis';
import type { Program, World } from '../world/world.js';

/** What stands in the way of jobs, as the store has it. */
export interface Standing {
  /** Profiles that are halted; `undefined` for all at once. */
  readonly halted: readonly (string | undefined)[];
  /** Workers that are cordoned. */
  readonly cordoned: readonly string[];
}

/** How often an operator looks whether anything stands in the way, in ms. */
const lookMs = 500;

/** An operator of the run, who speaks to one api: pauses, drains and cordons by chance, and puts everything right in the end. */
export class Operators {
  constructor(
    private readonly world: World,
    private readonly program: Program,
    private readonly controls: () => RedisPoolControls,
    private readonly profiles: readonly string[],
    /** Workers that there are. */
    private readonly workers: () => readonly string[],
    /** What stands in the way at this moment. */
    private readonly standing: () => Standing,
  ) {}

  /** Lets the operator want something. */
  act(): void {
    this.world.after(0, this.program, () => void this.#want());
  }

  /** From now on everything is to go on, whatever stops; but not at once, so that what stands in the way is met. */
  end(): void {
    this.world.after(this.world.random.between(0, lookMs), this.program, () => void this.#putRight());
  }

  async #want(): Promise<void> {
    const { random } = this.world;
    const controls = this.controls();
    const profile = random.pick(this.profiles);
    const worker = this.workers().length > 0 ? random.pick(this.workers()) : 'nobody';
    const limitMs = random.pick([0, 500, 3_000]);
    const orders: Readonly<Record<string, () => Promise<boolean>>> = {
      pause: () => controls.pause(random.chance(0.3) ? undefined : profile, 'by chance'),
      resume: () => controls.resume(random.chance(0.3) ? undefined : profile),
      drainPool: () => controls.drainPool(profile, limitMs, 'by chance'),
      cordon: () => controls.cordon(worker),
      uncordon: () => controls.uncordon(worker),
      drainWorker: () => controls.drainWorker(worker, limitMs),
    };
    const order = random.pick([...Object.keys(orders), 'cordon']);
    this.world.tell?.(`an operator wants: ${order} (${profile}, ${worker})`);
    await tried(orders[order]!);
  }

  /**
   * Takes away what stands in the way, and nothing else: a word to the schedulers makes all of them look at once, and would
   * hide that they'd not have looked by themselves. What was started badly or wanted late may come to stand there after this.
   */
  async #putRight(): Promise<void> {
    const controls = this.controls();
    for (;;) {
      const { halted, cordoned } = this.standing();
      for (const profile of halted) await tried(() => controls.resume(profile));
      for (const worker of cordoned) await tried(() => controls.uncordon(worker));
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }
}

async function tried(act: () => Promise<boolean>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof RemudaError)) throw error;
  }
}
