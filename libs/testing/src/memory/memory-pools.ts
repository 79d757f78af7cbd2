import type { Clock, Halt, HaltKind, PoolControls } from '@remuda/domain';

/** A worker as an operator's orders have it. */
export interface OrderedWorker {
  readonly cordoned?: boolean;
  readonly drainBy?: number;
}

/** Pools that do nothing but note what operators order. Passes the same contract suite as the real ones. */
export class MemoryPools implements PoolControls {
  readonly #halts = new Map<string, Halt>();
  readonly #workers = new Map<string, OrderedWorker>();

  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    private readonly profiles: ReadonlySet<string>,
    workers: readonly string[],
  ) {
    for (const worker of workers) this.#workers.set(worker, {});
  }

  /** What keeps a profile's jobs waiting. */
  haltsOf(profile: string): readonly Halt[] {
    const everywhere = this.#halts.get('paused:');
    const own = [...this.#halts].filter(([at]) => at.endsWith(`:${profile}`)).map(([, halt]) => halt);
    return [...(everywhere ? [{ ...everywhere, everywhere: true }] : []), ...own];
  }

  worker(id: string): OrderedWorker | undefined {
    return this.#workers.get(id);
  }

  pause(profile: string | undefined, reason: string): Promise<boolean> {
    return this.#halt('paused', profile, { reason });
  }

  drainPool(profile: string, limitMs: number, reason: string): Promise<boolean> {
    return this.#halt('drained', profile, { reason, by: this.clock.now() + limitMs });
  }

  async resume(profile: string | undefined): Promise<boolean> {
    if (profile !== undefined && !this.profiles.has(profile)) return false;
    const kinds: readonly HaltKind[] = profile === undefined ? ['paused'] : ['paused', 'drained', 'suspended'];
    for (const kind of kinds) this.#halts.delete(`${kind}:${profile ?? ''}`);
    return Promise.resolve(true);
  }

  cordon(worker: string): Promise<boolean> {
    return this.#order(worker, { cordoned: true });
  }

  uncordon(worker: string): Promise<boolean> {
    return this.#order(worker, { cordoned: false });
  }

  drainWorker(worker: string, limitMs: number): Promise<boolean> {
    const by = Math.min(this.clock.now() + limitMs, this.#workers.get(worker)?.drainBy ?? Infinity);
    return this.#order(worker, { drainBy: by });
  }

  async #halt(kind: HaltKind, profile: string | undefined, how: Pick<Halt, 'reason' | 'by'>): Promise<boolean> {
    if (profile !== undefined && !this.profiles.has(profile)) return false;
    const at = `${kind}:${profile ?? ''}`;
    const stands = this.#halts.get(at) ?? { kind, since: this.clock.now(), ...how };
    // What was said first stands, but for the earlier limit.
    const by = how.by === undefined ? {} : { by: Math.min(how.by, stands.by ?? Infinity) };
    this.#halts.set(at, { ...stands, ...by });
    return Promise.resolve(true);
  }

  async #order(id: string, order: OrderedWorker): Promise<boolean> {
    const worker = this.#workers.get(id);
    if (worker) this.#workers.set(id, { ...worker, ...order });
    return Promise.resolve(worker !== undefined);
  }
}
