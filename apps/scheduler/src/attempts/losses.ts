import type { Clock, ContainerExit, ContainerRuntime, Failure, LeaseStore } from '@remuda/domain';
import { isFull, isOutage, type Relay, type WorkerAccess, type WorkerRegistry } from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import type { Fleet } from '../workers/fleet.js';
import type { Holdings } from './holdings.js';
import { failureOfExit } from './lost.js';
import type { Identity } from '../identity.js';
import type { SchedulerMetrics } from '../metrics.js';
import type { Signals } from '../signals.js';
import { onEngine } from '../workers/ownable.js';
import { removalLimitMs, removeContainer, type Removal } from '../workers/removal.js';

/** Dependencies of removing a worker. */
export interface LossesParts {
  readonly fleet: Fleet;
  readonly holdings: Holdings;
  readonly registry: WorkerRegistry;
  readonly access: WorkerAccess | undefined;
  readonly runtime: ContainerRuntime;
  readonly relay: Relay;
  readonly leases: Pick<LeaseStore, 'endKeeping'>;
  readonly identity: Identity;
  readonly signals: Pick<Signals, 'work' | 'poolChanged' | 'disowned' | 'startFailed'>;
  readonly metrics: SchedulerMetrics;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A worker that is being removed. */
interface Loss {
  readonly failure: Failure;
  /** By the monotonic clock, in ms. */
  readonly since: number;
  /** Whether its container has ended, with all its processes. */
  readonly ended: boolean;
  /** Whether it was to leave anyway. */
  readonly expected: boolean;
  /** Attempts that failed although Redis was available. */
  failures: number;
  underWay?: Promise<void>;
}

/** Maximum number of tries to read, or end, what a lost worker leaves; then it is dropped. */
const maxFailures = 5;

/**
 * Removes workers. Their container goes first, and only then is their job ended: as long as it exists, its attempt may
 * continue, and a second one would run at the same time. Remaining reports are read in between.
 */
export class Losses {
  /**
   * Those without a try in progress could not be completed: Redis was unavailable or overloaded, or the container could
   * not be removed.
   */
  readonly #losses = new Map<string, Loss>();

  constructor(private readonly parts: LossesParts) {}

  /** Whether the worker is being removed. */
  has(worker: string): boolean {
    return this.#losses.get(worker)?.underWay !== undefined;
  }

  /** Removes a worker; once, however often it is called. Never rejects: `again` completes what failed. */
  lose(worker: string, failure: Failure, ended = false): Promise<void> {
    const known = this.#losses.get(worker);
    if (known?.underWay) return known.underWay;
    const expected = known?.expected ?? this.parts.fleet.get(worker)?.phase === 'draining';
    const since = known?.since ?? this.parts.clock.monotonic();
    // The first reason is the one reported.
    return this.#try(worker, {
      failure: known?.failure ?? failure,
      since,
      ended: ended || known?.ended === true,
      expected,
      failures: known?.failures ?? 0,
    });
  }

  /** Retries what could not be completed. */
  again(): void {
    for (const [worker, loss] of this.#losses) if (!loss.underWay) void this.#try(worker, loss);
  }

  /** A container ended on its own. Never rejects. */
  async onExit(exit: ContainerExit): Promise<void> {
    const { fleet, log, signals } = this.parts;
    const { worker, reason, lastLines, outOfMemory } = exit;
    const own = fleet.get(worker);
    if (!own) return;
    if (own.phase !== 'draining') log.warn({ worker, reason, outOfMemory, lastLines }, 'a worker ended');
    const starting = own.phase === 'starting';
    await this.lose(worker, failureOfExit(exit), true);
    if (!starting) return;
    await signals.startFailed(own.profile, reason).catch((error: unknown) => {
      log.warn({ err: error, profile: own.profile }, 'a failed start could not be recorded');
    });
  }

  #try(worker: string, loss: Loss): Promise<void> {
    const underWay = this.#lose(worker, loss).then(
      () => {
        this.#losses.delete(worker);
      },
      (error: unknown) => {
        delete loss.underWay;
        this.parts.log.warn({ err: error, worker }, 'a lost worker could not be removed yet');
      },
    );
    loss.underWay = underWay;
    this.#losses.set(worker, loss);
    return underWay;
  }

  async #lose(worker: string, loss: Loss): Promise<void> {
    const { fleet, holdings, registry, access, runtime, relay, metrics, clock, identity, signals } = this.parts;
    const own = fleet.get(worker);
    // While we were frozen another scheduler may have taken it over, and has newer information.
    if (!(await registry.own([worker])).has(worker)) {
      signals.disowned(worker);
      return;
    }
    // Whatever it reports from now on, it gets no more jobs.
    fleet.engage(worker, 'draining', clock.monotonic());
    const isHere = onEngine(own, identity.engine);
    const removal = loss.ended || !holdings.of(worker) ? undefined : await this.#remove(worker, loss, isHere);
    await this.#unlessPoisoned(worker, loss, () => relay.finish(worker));
    const failure = failureAfter(loss.failure, removal);
    const ended = removal && 'ended' in removal ? removal.ended : undefined;
    await this.#unlessPoisoned(worker, loss, () => holdings.onFailure(worker, failure, ended));
    await this.#unlessPoisoned(worker, loss, () => this.#endKeeping(worker));
    // If it could not be ended here, it is an orphaned claim from now on.
    holdings.letGo(worker);
    await access?.revoke(worker);
    if (isHere) await runtime.stop(worker, 0);
    if (own && !loss.expected) metrics.lost.inc({ profile: own.profile });
    await registry.forget(worker);
    fleet.remove(worker);
    if (!own) return;
    // Its pool has room again, and its job may be back in the queue.
    signals.poolChanged();
    signals.work(own.profile);
  }

  /** The snapshot of its last turn, if that was still to be taken, will not come: the session goes on without it. */
  async #endKeeping(worker: string): Promise<void> {
    const { registry, leases, fleet } = this.parts;
    const { job, lease } = (await registry.find(worker)) ?? {};
    if (job === undefined || lease === undefined) return;
    const answer = await leases.endKeeping(
      { job, worker, lease },
      'Its worker was lost before its snapshot was stored.',
    );
    if (answer === 'ended')
      this.parts.log.warn({ worker, job }, 'a turn has left no snapshot, since its worker was lost');
    delete fleet.get(worker)?.keeping;
  }

  /** An error that persists although Redis is available would block the loss for ever: it counts as unreadable. */
  async #unlessPoisoned(worker: string, loss: Loss, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (isOutage(error) || isFull(error) || ++loss.failures < maxFailures) throw error;
      this.parts.metrics.refused.inc({ reason: 'unreadable' });
      this.parts.log.error({ err: error, worker }, 'what a lost worker left cannot be taken over and is dropped');
    }
  }

  async #remove(worker: string, { since }: Loss, isHere: boolean): Promise<Removal> {
    const removal = await removeContainer({ worker, isHere }, since, this.parts);
    if ('givenUp' in removal)
      this.parts.log.error(
        { worker, reason: removal.givenUp },
        'a container could not be removed; its job continues without proof that it ended',
      );
    return removal;
  }
}

/** A failure, with a note if the container could not be removed. */
function failureAfter(failure: Failure, removal: Removal | undefined): Failure {
  if (!removal || 'ended' in removal) return failure;
  const seconds = String(removalLimitMs / 1_000);
  const note = `Its container could not be removed within ${seconds} s (${removal.givenUp}) and may still run.`;
  return { ...failure, message: `${failure.message} ${note}` };
}
