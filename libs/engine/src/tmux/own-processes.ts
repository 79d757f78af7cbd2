import { laterRung, type Clock, type Ended, type EndingRung } from '@remuda/domain';
import type { EngineLimits } from '../options.js';
import { nameOf, present, sweep, type Swept } from '../process/sweep.js';
import type { Runner } from '../runner/runner.port.js';

/** Whose processes they are. */
export interface OwnPlace {
  readonly runner: Runner;
  readonly scope: string;
  readonly limits: Pick<EngineLimits, 'terminateMs' | 'killMs'>;
  readonly clock: Clock;
  /** Claude Code in its terminal, and the programs that drive it. */
  readonly claudePids: () => readonly number[];
}

/** The processes of an engine that has a terminal: tells its own from those of a job, and ends these or all. */
export class OwnProcesses {
  #serverPid: number | undefined;
  /** What runs while nothing of a job does. */
  #baseline: ReadonlySet<string> = new Set();

  constructor(private readonly place: OwnPlace) {}

  get pids(): readonly number[] {
    return [...this.place.claudePids(), ...(this.#serverPid === undefined ? [] : [this.#serverPid])];
  }

  /** The tmux server has this process id now. In the middle of a turn the rest is the job's, unless nothing was noted yet. */
  async note(serverPid: number | undefined, turning: boolean): Promise<void> {
    this.#serverPid = serverPid;
    const seen = await present(this.place, () => this.pids);
    if (!turning || this.#baseline.size === 0) this.#baseline = new Set(seen.map(nameOf));
  }

  /** Nothing is the engine's own any more. */
  forget(): void {
    this.#serverPid = undefined;
    this.#baseline = new Set();
  }

  /** Ends what a turn has left, and returns the rung at which all of it was gone. `since` is of the monotonic clock, in ms. */
  async proveEnd(rung: EndingRung, since: number): Promise<Ended> {
    const { clock, limits } = this.place;
    const { by = rung, left } = await this.#sweep(limits.terminateMs, () => this.pids, this.#baseline);
    return { by: laterRung(rung, by), processesLeft: left, ms: Math.round(clock.monotonic() - since) };
  }

  /** Kills what a turn has left. */
  killRest(): Promise<Swept> {
    return this.#sweep(0, () => this.pids, this.#baseline);
  }

  /** Ends everything, the engine's own too; `terminateMs` after SIGTERM, with 0 at once. */
  endAll(terminateMs: number): Promise<Swept> {
    return this.#sweep(terminateMs, () => [], new Set());
  }

  #sweep(terminateMs: number, roots: () => readonly number[], baseline: ReadonlySet<string>): Promise<Swept> {
    const { runner, scope, limits, clock } = this.place;
    return sweep({ runner, scope, clock, limitMs: limits.killMs, spared: () => [], roots, baseline, terminateMs });
  }
}
