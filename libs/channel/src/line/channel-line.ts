import { RemudaError, type Assignment, type Channel, type Clock, type NewEvent } from '@remuda/domain';
import type { IncompatibleAssignment, WorkerDuties, WorkerLine, WorkerReport } from '@remuda/protocol';
import { Outbox } from './outbox.js';
import { readRequest, type PromptDefaults, type Request } from './request.js';

/** How long what was said last may take to be read when the worker leaves, in ms. */
const goodbyeMs = 5_000;

/** A worker's line over a channel: what arrives is a job, an order, or refused, and what the worker reports goes back as it is. */
export class ChannelLine implements WorkerLine {
  readonly #outbox: Outbox;
  readonly #waiting: (Assignment | IncompatibleAssignment)[] = [];
  #duties: WorkerDuties | undefined;
  #underWay: Promise<void> | undefined;
  #current: string | undefined;
  #stopped = false;

  /** `onEnd` is told once when the other end is gone for good. `says`: which reports are sent at all; default all. */
  constructor(
    private readonly channel: Channel,
    private readonly defaults: PromptDefaults,
    clock: Clock,
    private readonly onEnd: () => void = () => undefined,
    private readonly says: (kind: WorkerReport['kind']) => boolean = () => true,
  ) {
    this.#outbox = new Outbox(channel, clock);
  }

  async probe(): Promise<void> {
    // A channel that is open refuses nobody.
  }

  open(duties: WorkerDuties): void {
    this.#duties = duties;
    void this.#listen();
  }

  async stopTaking(): Promise<void> {
    this.#stopped = true;
    for (const { job, lease } of this.#waiting.splice(0)) {
      const failure = { code: 'worker.drained', message: 'The worker left before the job began.' } as const;
      void this.say({ kind: 'outcome', job, lease, outcome: { kind: 'failed', failure } });
    }
    await this.#underWay;
  }

  async say(report: WorkerReport): Promise<void> {
    if (this.says(report.kind)) await this.#outbox.say(report);
  }

  tell(job: string, lease: number, event: NewEvent): void {
    if (this.says('events')) this.#outbox.tell(job, lease, event);
  }

  sayStarted(report: Extract<WorkerReport, { kind: 'started' }>): void {
    void this.say(report);
  }

  async close(): Promise<void> {
    this.#stopped = true;
    this.#duties = undefined;
    await this.#outbox.close(goodbyeMs);
    await this.channel.close();
  }

  async #listen(): Promise<void> {
    for await (const arrived of this.channel.arrivals()) {
      if (arrived.kind === 'invalid') this.#refuse(arrived.reason, arrived.ref);
      else this.#hear(arrived.value, arrived.ref);
    }
    if (!this.#stopped) this.onEnd();
  }

  #hear(message: unknown, ref: string | undefined): void {
    try {
      const request = readRequest(message, ref === undefined ? this.defaults : { ...this.defaults, newId: () => ref });
      if (ref !== undefined) mustBeNamed(request, ref);
      this.#act(request);
    } catch (error) {
      if (!(error instanceof RemudaError)) throw error;
      this.#refuse(error.message, ref);
    }
  }

  #act(request: Request): void {
    if (request.kind === 'control') {
      this.#duties?.onControl(request.control);
      return;
    }
    const { job } = request.assignment;
    if (this.#stopped) throw new RemudaError('worker.drained', `${job} comes too late: the worker is leaving`);
    if (job === this.#current || this.#waiting.some((other) => other.job === job))
      throw new RemudaError('request.invalid', `${job} is waiting or under way already`);
    this.#waiting.push(request.assignment);
    this.#next();
  }

  #refuse(reason: string, id: string | undefined): void {
    void this.#outbox.say({ kind: 'refused', ...(id === undefined ? {} : { id }), reason });
  }

  #next(): void {
    if (!this.#duties || this.#stopped || this.#underWay) return;
    const next = this.#waiting.shift();
    if (!next) return;
    this.#current = next.job;
    const work = 'incompatible' in next ? this.#duties.refuse(next) : this.#duties.carryOut(next);
    this.#underWay = work.finally(() => {
      this.#underWay = undefined;
      this.#current = undefined;
      this.#next();
    });
  }
}

/** Where requests have names, the answer is looked for under that name. */
function mustBeNamed(request: Request, ref: string): void {
  if (request.kind === 'control' || request.assignment.job === ref) return;
  throw new RemudaError('request.invalid', `its id must be its name, ${ref}`);
}
