import { startVerdict, startsForBacklog, type Clock, type Ending, type StartFailureCode } from '@remuda/domain';
import type { Halts, HaltsOf } from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import type { Signals } from '../signals.js';

/** What watching over the halts touches. */
export interface HaltWatchParts {
  readonly halts: Halts;
  /** Starts in a row that have to fail for a profile to be suspended; 0 for never. */
  readonly suspendAfter: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signals: Pick<Signals, 'work'>;
}

/**
 * Which profiles' queues are not read, as Redis said when it was last asked; and what suspends a profile: starts that fail
 * in a row. That no halted job is assigned does not hang on what is known here: the assignment itself looks.
 */
export class HaltWatch {
  #haltsOf: HaltsOf = () => [];
  /** Profiles whose jobs an assignment has found halted, before we had asked. */
  readonly #told = new Set<string>();
  /** Whether starts have failed of late, here or elsewhere: else there is no count to begin anew. */
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

  /** Whether the jobs that wait are no reason to start workers. */
  holdsStarts(profile: string): boolean {
    return !startsForBacklog(this.#haltsOf(profile));
  }

  /** When what still runs of a drained pool is put back, epoch ms; undefined where it's not drained. */
  drainedBy(profile: string): number | undefined {
    return this.#haltsOf(profile).find((halt) => halt.kind === 'drained')?.by;
  }

  /** An assignment was refused, because the profile is halted. */
  told(profile: string): void {
    this.#told.add(profile);
  }

  /** Draws from an attempt's end whether jobs of the profile start at all. Never rejects: the ending stands by itself. */
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

  /** A container ended, or did not come to be, before its worker was ready. */
  async onContainerFailed(profile: string, reason: string): Promise<void> {
    await this.#failed(profile, 'container.start_failed', reason);
  }

  /** The image of a profile can't be had: none of its workers will start until it is. Suspends at once. */
  async onImageAbsent(profile: string, reason: string): Promise<void> {
    await this.#failed(profile, 'container.start_failed', reason, 1);
  }

  /** A worker became ready: if it was for want of one that the profile was suspended, it no longer is. */
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
