import { startVerdict, startsForBacklog, type Clock, type Ending, type StartFailureCode } from '@remuda/domain';
import type { Halts, HaltsOf } from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import type { Signals } from '../signals.js';

/** Dependencies of watching the halts. */
export interface HaltWatchParts {
  readonly halts: Halts;
  /** Consecutive failed starts after which a profile is suspended; 0 for never. */
  readonly suspendAfter: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signals: Pick<Signals, 'work'>;
}

/**
 * Which profiles' queues are not read, as of the last look at Redis; and the suspension of profiles with consecutive
 * failed starts. Correctness does not depend on this state: the assignment itself checks for halts.
 */
export class HaltWatch {
  #haltsOf: HaltsOf = () => [];
  /** Profiles whose assignment was refused as halted, before the next look at Redis. */
  readonly #told = new Set<string>();
  /** Whether starts have failed recently, here or elsewhere: otherwise there is no count to reset. */
  #anyFailed = true;

  constructor(private readonly parts: HaltWatchParts) {}

  /** Asks Redis. */
  async look(): Promise<void> {
    const { halts } = this.parts;
    const { of, anyFailed } = await halts.read();
    this.#told.clear();
    this.#haltsOf = of;
    this.#anyFailed = anyFailed;
  }

  isHalted(profile: string): boolean {
    return this.#told.has(profile) || this.#haltsOf(profile).length > 0;
  }

  /** Whether waiting jobs are no reason to start workers. */
  holdsStarts(profile: string): boolean {
    return !startsForBacklog(this.#haltsOf(profile));
  }

  /** When running jobs of a drained pool are requeued, epoch ms; undefined if it is not drained. */
  drainedBy(profile: string): number | undefined {
    return this.#haltsOf(profile).find((halt) => halt.kind === 'drained')?.by;
  }

  /** An assignment was refused, because the profile is halted. */
  told(profile: string): void {
    this.#told.add(profile);
  }

  /** Updates the count of failed starts from an attempt's outcome. Never rejects: the ending does not depend on it. */
  async onEnding(profile: string, ending: Ending): Promise<void> {
    const { halts, log } = this.parts;
    const verdict = startVerdict(ending);
    if (verdict === 'neither' || (verdict === 'started' && !this.#anyFailed)) return;
    try {
      if (verdict === 'started') await halts.noteStart(profile, 'engine.start_failed');
      else await this.#failed(profile, verdict, ending.failure?.message ?? '');
    } catch (error) {
      log.warn({ err: error, profile }, 'whether jobs start could not be recorded');
    }
  }

  /** A container ended, or was not created, before its worker was ready. */
  async onContainerFailed(profile: string, reason: string): Promise<void> {
    await this.#failed(profile, 'container.start_failed', reason);
  }

  /** The image of a profile is not available: none of its workers can start until it is. Suspends at once. */
  async onImageAbsent(profile: string, reason: string): Promise<void> {
    await this.#failed(profile, 'container.start_failed', reason, 1);
  }

  /** A worker became ready: if the profile was suspended because of failed containers, it no longer is. */
  async onWorkerReady(profile: string): Promise<void> {
    if (!this.#anyFailed) return;
    const { halts, log, signals } = this.parts;
    await halts.noteStart(profile, 'container.start_failed');
    const suspended = this.#haltsOf(profile).find((halt) => halt.kind === 'suspended');
    if (suspended?.code !== 'container.start_failed') return;
    log.info({ profile }, 'containers start again: the profile is no longer suspended');
    await halts.lift(profile);
    await this.look();
    signals.work(profile);
  }

  async #failed(
    profile: string,
    code: StartFailureCode,
    reason: string,
    limit = this.parts.suspendAfter,
  ): Promise<void> {
    const { halts, suspendAfter, clock, log } = this.parts;
    this.#anyFailed = true;
    if (suspendAfter === 0) return;
    const halt = { kind: 'suspended', since: clock.now(), reason, code } as const;
    if (!(await halts.noteFailedStart(profile, halt, limit))) return;
    log.error({ profile, code, reason, starts: limit }, 'profile.suspended: its jobs wait until it is resumed');
    await this.look();
  }
}
