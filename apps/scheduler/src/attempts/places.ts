import type { Clock, Ending } from '@remuda/domain';
import type { HeldJob, ProfileQueue } from '@remuda/redis';
import type { Logger } from '@remuda/runtime';

/** So many places follow at a time; whoever ends one more attempt waits for one of them. */
const mostUnderWay = 200;
/** What is under way when the scheduler ends has so long, in ms: with Redis away it would take for ever. */
const patienceMs = 2_000;

/**
 * Lets the places of jobs in their queues follow their records, by BullMQ's own steps, while we go on. Where that fails, or we die before, the
 * place is an orphaned claim, or its lock runs out and whoever claims it then finds in the record what to do.
 */
export class Places {
  readonly #underWay = new Set<Promise<void>>();

  constructor(
    private readonly queueOf: (profile: string) => Pick<ProfileQueue, 'finish' | 'giveBack' | 'park'>,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  /** The attempt's end is recorded. Resolves at once, but where too many places are behind. Never rejects. */
  async follow(held: HeldJob, profile: string, ending: Ending): Promise<void> {
    const move = this.#move(held, profile, ending).catch((error: unknown) => {
      this.log.warn({ err: error, job: held.id }, "updating a job's place in its queue failed and will be tried again");
    });
    const underWay = move.finally(() => this.#underWay.delete(underWay));
    this.#underWay.add(underWay);
    if (this.#underWay.size > mostUnderWay) await Promise.race(this.#underWay);
  }

  /** Resolves when no place is behind any more, or there is no more patience for it. */
  async settle(): Promise<void> {
    const enough = new AbortController();
    const limit = this.clock.sleep(patienceMs, enough.signal).catch(() => undefined);
    await Promise.race([Promise.all(this.#underWay), limit]);
    enough.abort();
  }

  async #move(held: HeldJob, profile: string, ending: Ending): Promise<void> {
    const queue = this.queueOf(profile);
    if (ending.state !== 'queued') await queue.finish(held, ending.failure);
    else if (ending.wakeAt === undefined) await queue.giveBack(held);
    else await queue.park(held, ending.wakeAt);
  }
}
