import { RemudaError, type JobSpec } from '@remuda/domain';
import type { RedisDeadLetters, RedisJobStore } from '@remuda/redis';
import { jobSpec, jobRef } from '@remuda/testing';
import type { Program, World } from '../world/world.js';

/** Clients of the run, who speak to one api: they submit, sometimes twice, cancel, and redrive what failed. */
export class Clients {
  /** Jobs that were accepted, and their tenants. */
  readonly accepted = new Map<string, string>();
  /** Jobs of which a client was told that they were cancelled while they waited. */
  readonly cancelled = new Set<string>();
  /** What a client was told that can't be true. */
  broken: string | undefined;
  /** Submissions and cancels without an answer yet. */
  underWay = 0;
  /** The next job whose turn ends is cancelled right then. */
  #cancelsAtEnd = false;
  #jobs = 0;
  #keys = 0;

  constructor(
    private readonly world: World,
    private readonly program: Program,
    private readonly store: () => RedisJobStore,
    private readonly deadLetters: () => RedisDeadLetters,
    private readonly profiles: readonly string[],
    private readonly tenants: readonly string[],
    /** Jobs that have failed, at this moment. */
    private readonly failed: () => readonly string[],
  ) {}

  /** Lets one client do something. */
  act(): void {
    this.world.after(0, this.program, () => {
      const { random } = this.world;
      const [some] = this.accepted.size > 0 ? [random.pick([...this.accepted.keys()])] : [];
      if (some !== undefined && random.chance(0.2)) void this.#cancel(some);
      else if (random.chance(0.2)) this.#cancelsAtEnd = true;
      else if (random.chance(0.2)) this.#redriveSoon();
      else void this.#submit();
    });
  }

  /** Hears that a job's turn ended: what becomes of the job is recorded within some ms. */
  onTurnEnd(job: string): void {
    if (!this.#cancelsAtEnd || !this.accepted.has(job)) return;
    this.#cancelsAtEnd = false;
    this.world.after(this.world.random.next() * 10, this.program, () => void this.#cancel(job));
  }

  async #submit(): Promise<void> {
    const { random } = this.world;
    const tenant = random.pick(this.tenants);
    const many = this.tenants.length > 1 && random.chance(0.15);
    const jobs = Array.from({ length: many ? random.between(6, 12) : random.between(1, 3) }, () => {
      const id = `j-${String(++this.#jobs)}`;
      return { id, tenant, spec: this.#spec(id) };
    });
    const once = random.chance(0.3) ? { key: `k-${String(++this.#keys)}`, fingerprint: 'f' } : undefined;
    for (let left = once ? 3 : 1; left > 0; left--) {
      this.underWay++;
      try {
        const { ids } = await this.store().submit(jobs, once);
        const known = ids.filter((id) => this.accepted.has(id));
        if (ids.length !== jobs.length || (!once && known.length > 0)) this.broken = 'a submission came to other jobs';
        for (const id of ids) this.accepted.set(id, tenant);
        this.world.tell?.(`accepted: ${ids.join(' ')}`);
        // A client that does not believe it asks again.
        if (random.chance(0.7)) return;
      } catch (error) {
        if (!(error instanceof RemudaError)) throw error;
      } finally {
        this.underWay--;
      }
      await new Promise((resolve) => setTimeout(resolve, random.between(1, 300)));
    }
  }

  async #cancel(id: string): Promise<void> {
    this.underWay++;
    try {
      const { kind } = await this.store().cancel(jobRef(id, this.accepted.get(id)), 'no longer wanted');
      this.world.tell?.(`cancel of ${id}: ${kind}`);
      if (kind === 'unknown') this.broken = `${id} was accepted, and is unknown`;
      if (kind === 'cancelled') this.cancelled.add(id);
    } catch (error) {
      if (!(error instanceof RemudaError)) throw error;
    } finally {
      this.underWay--;
    }
  }

  /** Somebody looks after what has failed, several times. */
  #redriveSoon(): void {
    const { random } = this.world;
    for (let looks = 0; looks < 4; looks++)
      this.world.after(random.between(1, 4_000), this.program, () => {
        const failed = this.failed();
        if (failed.length > 0) void this.#redrive(random.pick(failed));
      });
  }

  /** Whoever is not sure whether it worked asks again. */
  async #redrive(id: string): Promise<void> {
    this.underWay++;
    try {
      for (let times = this.world.random.between(1, 2); times > 0; times--) {
        const { kind } = await this.deadLetters().redrive(jobRef(id, this.accepted.get(id)));
        this.world.tell?.(`redrive of ${id}: ${kind}`);
        if (kind === 'unknown') this.broken = `${id} was accepted, and is unknown`;
      }
    } catch (error) {
      if (!(error instanceof RemudaError)) throw error;
    } finally {
      this.underWay--;
    }
  }

  #spec(id: string): JobSpec {
    const { random } = this.world;
    return jobSpec({
      prompt: id,
      profile: random.pick(this.profiles),
      priority: random.between(1, 3),
      attempts: random.between(1, 3),
      timeoutMs: random.pick([1_000, 3_000, 10_000]),
      ...(random.chance(0.1) ? { ttlMs: random.between(500, 5_000) } : {}),
      ...(random.chance(0.1) ? { runAt: Math.floor(this.world.now) + random.between(10, 3_000) } : {}),
    });
  }
}
