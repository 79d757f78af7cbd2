import { RemudaError } from '@remuda/domain';
import type { RedisPoolControls } from '@remuda/queue';
import type { Program, World } from '../world/world.js';

/** An operator of the run, who speaks to one api: pauses, drains and cordons by chance, and puts everything right in the end. */
export class Operators {
  #over = false;

  constructor(
    private readonly world: World,
    private readonly program: Program,
    private readonly controls: () => RedisPoolControls,
    private readonly profiles: readonly string[],
    /** Workers that there are. */
    private readonly workers: () => readonly string[],
  ) {}

  /** Lets the operator want something. */
  act(): void {
    this.world.after(0, this.program, () => void this.#want());
  }

  /** From now on everything is to go on, whatever stops. */
  end(): void {
    this.#over = true;
    this.world.after(0, this.program, () => void this.#putRight());
  }

  async #want(): Promise<void> {
    const { random } = this.world;
    const controls = this.controls();
    const profile = random.pick(this.profiles);
    const worker = this.workers().length > 0 ? random.pick(this.workers()) : 'nobody';
    const limitMs = random.pick([0, 500, 3_000]);
    const wishes: Readonly<Record<string, () => Promise<boolean>>> = {
      pause: () => controls.pause(random.chance(0.3) ? undefined : profile, 'by chance'),
      resume: () => controls.resume(random.chance(0.3) ? undefined : profile),
      drainPool: () => controls.drainPool(profile, limitMs, 'by chance'),
      cordon: () => controls.cordon(worker),
      uncordon: () => controls.uncordon(worker),
      drainWorker: () => controls.drainWorker(worker, limitMs),
    };
    const wish = random.pick([...Object.keys(wishes), 'cordon']);
    this.world.tell?.(`an operator wants: ${wish} (${profile}, ${worker})`);
    await tried(wishes[wish]!);
    if (this.#over) await this.#putRight();
  }

  async #putRight(): Promise<void> {
    const controls = this.controls();
    for (;;) {
      await tried(() => controls.resume(undefined));
      for (const profile of this.profiles) await tried(() => controls.resume(profile));
      for (const worker of this.workers()) await tried(() => controls.uncordon(worker));
      // What was started badly before may still suspend a profile.
      await new Promise((resolve) => setTimeout(resolve, 2_000));
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
