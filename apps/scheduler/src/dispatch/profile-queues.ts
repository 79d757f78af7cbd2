import { ProfileQueue, type Queues } from '@remuda/redis';

/** The queues that a scheduler claims from, one per profile. */
export class ProfileQueues {
  readonly own: ReadonlyMap<string, ProfileQueue>;
  /** Of removed profiles whose jobs some of our workers have. */
  readonly #past = new Map<string, ProfileQueue>();

  constructor(
    private readonly queues: Queues,
    private readonly scheduler: string,
    profiles: readonly string[],
  ) {
    this.own = new Map(profiles.map((name) => [name, new ProfileQueue(queues, name, scheduler)]));
  }

  /** The queue of a profile, even of a removed one: a running job is held in it, and may go back to it. */
  of(profile: string): ProfileQueue {
    const known = this.own.get(profile) ?? this.#past.get(profile);
    if (known) return known;
    const past = new ProfileQueue(this.queues, profile, this.scheduler);
    this.#past.set(profile, past);
    return past;
  }

  /** Waits until Redis has the scripts for claiming. */
  async ready(): Promise<void> {
    for (const queue of this.own.values()) await queue.ready();
  }

  async start(): Promise<void> {
    for (const queue of this.own.values()) await queue.start();
  }

  async close(): Promise<void> {
    await Promise.all([...this.own.values(), ...this.#past.values()].map((queue) => queue.close()));
  }
}
