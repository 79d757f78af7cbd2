import { ProfileQueue, type Queues } from '@remuda/redis';

/** The queues that a scheduler claims from, one for each of its profiles. */
export class ProfileQueues {
  readonly own: ReadonlyMap<string, ProfileQueue>;
  /** Of profiles that are no more, of whose jobs our workers have some. */
  readonly #past = new Map<string, ProfileQueue>();

  constructor(
    private readonly queues: Queues,
    private readonly scheduler: string,
    profiles: readonly string[],
  ) {
    this.own = new Map(profiles.map((name) => [name, new ProfileQueue(queues, name, scheduler)]));
  }

  /** The queue of a profile, also of one that is no more: a job that runs is held in it, and may go back to it. */
  of(profile: string): ProfileQueue {
    const known = this.own.get(profile) ?? this.#past.get(profile);
    if (known) return known;
    const past = new ProfileQueue(this.queues, profile, this.scheduler);
    this.#past.set(profile, past);
    return past;
  }

  /** Waits until Redis knows the scripts that claiming takes. */
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
