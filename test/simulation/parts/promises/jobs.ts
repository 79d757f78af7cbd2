import {
  canMove,
  isHeld,
  isOver,
  failureRule,
  maxRequeues,
  redrive,
  type JobSpec,
  type JobState,
  type NewEvent,
} from '@remuda/domain';
import { keptGrant } from '@remuda/protocol';
import type { SessionPromises } from './sessions.js';
import { haltsKey, jobPrefix, type Sight } from './sight.js';

/** Fields of a job's record whose changes say something. */
export const watchedOfJobs = new Set(['state', 'lease', 'attempt', 'failures', 'requeues', 'retried:engine.hung']);

/** What was seen of one job. */
export interface SeenJob {
  state: JobState;
  /** How often it became over. */
  overs: number;
  lastEvent: number;
  /** The turn whose events the attempt of now has, and how many of them. */
  turn: { attempt: string; of: string; events: number } | undefined;
  overEvents: number;
  /** How often it was redriven: a job is over once more for each. */
  redrives: number;
  /** How often it was queued again since it was submitted or redriven. */
  returns: number;
}

/** What is promised of jobs: their states, attempts, events and results. */
export class JobPromises {
  readonly seen = new Map<string, SeenJob>();
  /** Jobs that are not over. */
  readonly open = new Set<string>();
  /** Bridge grants that stand, by job. */
  readonly #grants = new Map<string, Set<string>>();
  readonly #specs = new Map<string, JobSpec>();

  constructor(
    private readonly sessions: SessionPromises,
    private readonly sight: Sight,
  ) {}

  /** A field of a job's record has changed. */
  onField(name: string, field: string, before: string | undefined, after: string | undefined): void {
    switch (field) {
      case 'state':
        this.#onState(name, before as JobState | undefined, after as JobState);
        return;
      case 'lease':
      case 'attempt':
        if (Number(after) !== Number(before ?? 0) + 1)
          this.sight.break(`${field} of ${name} goes from ${before ?? '0'} to ${after ?? ''}`);
        return;
      case 'failures':
        if (Number(after) >= this.spec(name).attempts)
          this.sight.break(`${name} is queued again after all of its attempts`);
        return;
      case 'requeues':
        if (Number(after) > maxRequeues) this.sight.break(`${name} was requeued ${after ?? ''} times`);
        return;
      case 'retried:engine.hung':
        if (Number(after ?? 0) > (failureRule('engine.hung').most ?? 0))
          this.sight.break(`${name} hung and was tried again ${after ?? ''} times`);
    }
  }

  /** An entry of a job's events was written. */
  onEvents(name: string, id: string, fields: readonly string[]): void {
    const job = this.#job(name);
    const [, n, , attempt, , data] = fields;
    const last = Number.parseInt(id, 10);
    const first = last - Number(n) + 1;
    const events = JSON.parse(data ?? '[]') as NewEvent[];
    this.sight.tell()?.(`${name} events ${String(first)}..${String(last)}: ${events.map((e) => e.type).join(' ')}`);
    if (first !== job.lastEvent + 1)
      this.sight.break(`event ids of ${name} do not rise by one: ${String(first)} after ${String(job.lastEvent)}`);
    if (events.length !== Number(n))
      this.sight.break(`an entry of ${name} says ${n ?? ''} events and has ${String(events.length)}`);
    if (job.overEvents > job.redrives) this.sight.break(`${name} has an event after its job.over`);
    job.lastEvent = last;
    for (const event of events) {
      if (event.type === 'attempt.warned') this.sessions.onWarning(name, event.data.message);
      if (event.type === 'job.over') job.overEvents++;
      if (event.type === 'message.text') this.#onTold(name, job, attempt ?? '', event.data.text);
    }
  }

  /** A job's result was written. */
  onResult(name: string, value: string): void {
    const { text } = JSON.parse(value) as { text: string };
    const [worker, turn] = text.split(' ');
    const record = this.sight.db.hash(jobPrefix + name);
    // an attempt that was ended before its turn began has nothing to say
    if (text === '' && record?.get('state') !== 'succeeded') return;
    const known = this.#job(name).turn;
    const other = known?.attempt === record?.get('attempt') && known?.of !== `${worker ?? ''} ${turn ?? ''}`;
    if (worker !== record?.get('worker') || other)
      this.sight.break(`the result of ${name} is not of the attempt that had the lease: ${text}`);
  }

  /** A grant for the bridge was made. */
  onGrant(key: string, name: string): void {
    if (isKept(key)) return;
    const grants = this.#grants.get(name) ?? new Set();
    for (const grant of grants) if (!this.sight.db.exists(grant)) grants.delete(grant);
    if (grants.size > 0) this.sight.break(`${name} has two live leases`);
    grants.add(key);
    this.#grants.set(name, grants);
  }

  /** Jobs that workers carry out at the moment, as their records have it. */
  held(): readonly { job: string; lease: number; worker: string }[] {
    return [...this.open].flatMap((job) => {
      const record = this.sight.db.hash(jobPrefix + job);
      if (!record || !isHeld(record.get('state') as JobState)) return [];
      return [{ job, lease: Number(record.get('lease')), worker: record.get('worker') ?? '' }];
    });
  }

  /** Jobs that have failed. */
  failed(): readonly string[] {
    return [...this.seen].filter(([, { state }]) => state === 'failed').map(([name]) => name);
  }

  /** What must be so when all is over, and nothing disturbs any more. */
  atEnd(accepted: Iterable<string>): string | undefined {
    for (const name of accepted) {
      const job = this.seen.get(name);
      if (!job) return `${name} was accepted, and is not there`;
      if (!isOver(job.state)) return `${name} is still ${job.state}`;
      if (job.overs !== 1 + job.redrives) return `${name} is over ${String(job.overs)} times`;
      if (job.overEvents !== 1 + job.redrives) return `${name} has ${String(job.overEvents)} job.over events`;
      for (const grant of this.#grants.get(name) ?? [])
        if (this.sight.db.exists(grant)) return `${name} is over and has a grant`;
    }
    return undefined;
  }

  /** What was asked for of a job. */
  spec(name: string): Pick<JobSpec, 'attempts' | 'priority'> {
    let spec = this.#specs.get(name);
    if (!spec)
      this.#specs.set(name, (spec = JSON.parse(this.sight.db.hash(jobPrefix + name)?.get('spec') ?? '{}') as JobSpec));
    return spec;
  }

  #job(name: string): SeenJob {
    let job = this.seen.get(name);
    if (!job)
      this.seen.set(
        name,
        (job = { state: 'queued', overs: 0, lastEvent: 0, turn: undefined, overEvents: 0, redrives: 0, returns: 0 }),
      );
    return job;
  }

  #onState(name: string, before: JobState | undefined, after: JobState): void {
    const job = this.#job(name);
    this.sight.tell()?.(`${name}: ${before ?? 'new'} -> ${after}`);
    job.state = after;
    if (isOver(after)) this.open.delete(name);
    else this.open.add(name);
    if (before === undefined) return;
    if (isOver(before) && after === redrive.to) {
      job.redrives++;
      job.returns = 0;
    } else if (after === 'queued') this.#onReturn(name, job);
    if (isOver(after) && ++job.overs > 1 + job.redrives) this.sight.break(`${name} is over twice`);
    if (!canMove(before, after)) this.sight.break(`${name} moves from ${before} to ${after}`);
    if (after === 'assigned') this.#onStarting(name);
  }

  /** A job goes back to its queue: not for ever, whatever its record counts, and not when it was to be cancelled. */
  #onReturn(name: string, job: SeenJob): void {
    if (++job.returns >= this.spec(name).attempts + maxRequeues)
      this.sight.break(`${name} is queued again for the ${String(job.returns)}th time`);
    if (this.sight.db.hash(jobPrefix + name)?.has('cancelRequestedAt'))
      this.sight.break(`${name} is queued again, though its cancel was asked for`);
  }

  /** What an operator or a row of failed starts has stopped, stands still. */
  #onStarting(name: string): void {
    const profile = this.sight.db.hash(jobPrefix + name)?.get('profile') ?? '';
    for (const halt of this.sight.db.hash(haltsKey)?.keys() ?? [])
      if (halt.endsWith(':*') || halt.endsWith(`:${profile}`))
        this.sight.break(`${name} starts, though there is ${halt}`);
  }

  #onTold(name: string, job: SeenJob, attempt: string, text: string): void {
    const [worker = '', turn = '', place = ''] = text.split(' ');
    const of = `${worker} ${turn}`;
    if (job.turn?.attempt !== attempt) job.turn = { attempt, of, events: 0 };
    job.turn.events++;
    if (worker !== this.sight.db.hash(jobPrefix + name)?.get('worker') || job.turn.of !== of)
      this.sight.break(`${name} has an event of somebody without the lease: ${text}`);
    else if (Number(place) !== job.turn.events)
      this.sight.break(`${name} has event ${place} of its attempt where ${String(job.turn.events)} was due`);
  }
}

/** What stays of a grant, which only a snapshot can be stored with. */
const isKept = (grant: string): boolean => grant.endsWith(keptGrant(''));
