import type { Assignment, Control, NewEvent } from '@remuda/domain';
import type { WorkerDuties, WorkerLine, WorkerReport } from '@remuda/protocol';

/** A worker's line with nothing in between: the test is its scheduler. Passes the same contract suite as the real one. */
export class MemoryWorkerLine implements WorkerLine {
  /** All that the worker said, in its order. */
  readonly heard: WorkerReport[] = [];
  readonly #assignments: Assignment[] = [];
  readonly #controls: Control[] = [];
  #duties: WorkerDuties | undefined;
  #underWay: Promise<void> | undefined;
  #stopped = false;

  /** Gives the worker an assignment; it waits until the ones before it are carried out. */
  assign(assignment: Assignment): void {
    this.#assignments.push(assignment);
    this.#next();
  }

  /** Tells the worker something. */
  control(control: Control): void {
    if (this.#duties) this.#duties.onControl(control);
    else this.#controls.push(control);
  }

  async probe(): Promise<void> {
    // Nobody refuses it.
  }

  open(duties: WorkerDuties): void {
    this.#duties = duties;
    for (const control of this.#controls.splice(0)) duties.onControl(control);
    this.#next();
  }

  async stopTaking(): Promise<void> {
    this.#stopped = true;
    await this.#underWay;
  }

  async say(report: WorkerReport): Promise<void> {
    this.heard.push(report);
    return Promise.resolve();
  }

  tell(job: string, lease: number, event: NewEvent): void {
    this.heard.push({ kind: 'events', job, lease, events: [event] });
  }

  sayStarted(report: Extract<WorkerReport, { kind: 'started' }>): void {
    this.heard.push(report);
  }

  async close(): Promise<void> {
    this.#stopped = true;
    this.#duties = undefined;
    return Promise.resolve();
  }

  #next(): void {
    if (!this.#duties || this.#stopped || this.#underWay) return;
    const assignment = this.#assignments.shift();
    if (!assignment) return;
    this.#underWay = this.#duties.carryOut(assignment).finally(() => {
      this.#underWay = undefined;
      this.#next();
    });
  }
}
