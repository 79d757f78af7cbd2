import {
  canMove,
  isHeld,
  isOver,
  failureRule,
  maxRequeues,
  redrive,
  workerMoves,
  type JobSpec,
  type JobState,
  type NewEvent,
  type WorkerPhase,
} from '@remuda/domain';
import type { Database, Onlooker } from '../redis/database.js';
import { namespace } from './cluster.js';
import type { TurnWatch } from './agent.js';
import type { Standing } from './operators.js';

const jobPrefix = `{${namespace}}:job:`;
const workerPrefix = `{${namespace}}:worker:`;
const grantPrefix = `{${namespace}}:bridge:`;
const linePrefix = `{${namespace}}:wk:`;
/** How a worker says that it is free, in an entry of its own stream. */
const freeWord = '"kind":"phase","phase":"idle"';

/** Fields of a job's record whose changes say something. */
const watchedOfJobs = new Set([
  'state',
  'lease',
  'attempt',
  'worker',
  'grant',
  'failures',
  'requeues',
  'retried:engine.hung',
]);

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

/** Looks at every change of the store, and names the first promise that is broken. */
export class Invariants implements Onlooker, TurnWatch {
  broken: string | undefined;
  readonly jobs = new Map<string, SeenJob>();
  db!: Database;
  /** Hears of every turn that ended, by its job. */
  turned: ((job: string) => void) | undefined;
  /** Hears of every claim, by its lock. */
  claimed: ((lock: string) => void) | undefined;
  /** Jobs that are not over. */
  readonly open = new Set<string>();
  /** Bridge grants that stand, by job. */
  readonly grants = new Map<string, Set<string>>();
  /** Workers that have said that they are free, and were given no job since. */
  readonly #free = new Set<string>();
  /** By job, the workers that were free when it was claimed, and were given no other one since. */
  readonly #claims = new Map<string, Set<string>>();
  readonly #specs = new Map<string, JobSpec>();
  readonly #turning = new Set<string>();
  readonly #tokens = new Set<string>();
  #turns = 0;

  constructor(
    private readonly max: ReadonlyMap<string, number>,
    private readonly tell: () => ((line: string) => void) | undefined,
  ) {}

  onHash(key: string, field: string, before: string | undefined, after: string | undefined): void {
    if (watchedOfJobs.has(field) && key.startsWith(jobPrefix))
      this.#onJob(key.slice(jobPrefix.length), field, before, after);
    else if (field === 'job' && key.startsWith(grantPrefix)) this.#onGrant(key, after ?? '');
    else if ((field === 'job' || field === 'phase') && key.startsWith(workerPrefix))
      this.#onWorker(key.slice(workerPrefix.length), field, before, after);
  }

  onEntry(key: string, id: string, fields: readonly string[]): void {
    if (key.startsWith(jobPrefix) && key.endsWith(':events'))
      this.#onEvents(key.slice(jobPrefix.length, -7), id, fields);
    else if (key.startsWith(linePrefix) && key.endsWith(':out') && fields[1]?.includes(freeWord) === true)
      this.#free.add(key.slice(linePrefix.length, -4));
  }

  #onEvents(name: string, id: string, fields: readonly string[]): void {
    const job = this.#job(name);
    const [, n, , attempt, , data] = fields;
    const last = Number.parseInt(id, 10);
    const first = last - Number(n) + 1;
    const events = JSON.parse(data ?? '[]') as NewEvent[];
    this.tell()?.(`${name} events ${String(first)}..${String(last)}: ${events.map((e) => e.type).join(' ')}`);
    if (first !== job.lastEvent + 1)
      this.#break(`event ids of ${name} do not rise by one: ${String(first)} after ${String(job.lastEvent)}`);
    if (events.length !== Number(n))
      this.#break(`an entry of ${name} says ${n ?? ''} events and has ${String(events.length)}`);
    if (job.overEvents > job.redrives) this.#break(`${name} has an event after its job.over`);
    job.lastEvent = last;
    for (const event of events) {
      if (event.type === 'job.over') job.overEvents++;
      if (event.type === 'message.text') this.#onTold(name, job, attempt ?? '', event.data.text);
    }
  }

  onText(key: string, before: string | undefined, value: string): void {
    if (key.startsWith(workerPrefix) && key.endsWith(':owner') && before !== undefined && before !== value)
      this.#break(`${key} passes from ${before} to ${value}, though it holds`);
    if (!key.startsWith(jobPrefix) || !key.endsWith(':result')) return;
    const name = key.slice(jobPrefix.length, -':result'.length);
    const { text } = JSON.parse(value) as { text: string };
    const [worker, turn] = text.split(' ');
    const record = this.db.hash(jobPrefix + name);
    // an attempt that was ended before its turn began has nothing to say
    if (text === '' && record?.get('state') !== 'succeeded') return;
    const known = this.#job(name).turn;
    const other = known?.attempt === record?.get('attempt') && known?.of !== `${worker ?? ''} ${turn ?? ''}`;
    if (worker !== record?.get('worker') || other)
      this.#break(`the result of ${name} is not of the attempt that had the lease: ${text}`);
  }

  onClaim(...[{ queue, job, givenBack }, lock]: Parameters<Onlooker['onClaim']>): void {
    if (!queue.includes(':jobs.')) return;
    this.claimed?.(lock);
    const profile = queue.slice(queue.lastIndexOf(':jobs.') + ':jobs.'.length);
    this.#claims.set(job, new Set([...this.#free].filter((worker) => this.#profileOf(worker) === profile)));
    if (givenBack) return;
    const priority = this.#spec(job).priority;
    for (const other of this.db.sorted(`${queue}:prioritized`).keys())
      if (this.#spec(other).priority < priority) this.#break(`${job} is claimed before ${other}, which is more urgent`);
  }

  onUnknown(what: string): void {
    this.#break(what);
  }

  onTurn(worker: string, job: string, token: string): number {
    if (this.#turning.has(worker)) this.#break(`${worker} carries out two jobs at once`);
    if (this.#tokens.has(token)) this.#break(`one lease of ${job} was carried out twice`);
    this.#turning.add(worker);
    this.#tokens.add(token);
    return ++this.#turns;
  }

  onTurnEnd(worker: string, job: string): void {
    this.#turning.delete(worker);
    this.turned?.(job);
  }

  onContainer(profile: string, running: number): void {
    this.#limit(profile, running, 'containers');
  }

  /** Workers that there are, as the store has it. */
  workers(): readonly string[] {
    return [...this.db.set(`{${namespace}}:workers`)];
  }

  /** What operators have put in the way of jobs, or failed starts. */
  standing(): Standing {
    const halts = [...(this.db.hash(`{${namespace}}:halts`)?.keys() ?? [])].map((halt) =>
      halt.slice(halt.indexOf(':') + 1),
    );
    return {
      halted: [...new Set(halts)].map((profile) => (profile === '*' ? undefined : profile)),
      cordoned: this.workers().filter((worker) => this.db.hash(workerPrefix + worker)?.has('cordoned')),
    };
  }

  /** Jobs that workers carry out at the moment, as their records have it. */
  held(): readonly { job: string; lease: number; worker: string }[] {
    return [...this.open].flatMap((job) => {
      const record = this.db.hash(jobPrefix + job);
      if (!record || !isHeld(record.get('state') as JobState)) return [];
      return [{ job, lease: Number(record.get('lease')), worker: record.get('worker') ?? '' }];
    });
  }

  /** Jobs that have failed. */
  failed(): readonly string[] {
    return [...this.jobs].filter(([, { state }]) => state === 'failed').map(([name]) => name);
  }

  #limit(profile: string, count: number, what: string): void {
    const max = this.max.get(profile) ?? 0;
    if (count > max) this.#break(`the pool ${profile} has ${String(count)} ${what}, and may have ${String(max)}`);
  }

  #job(name: string): SeenJob {
    let job = this.jobs.get(name);
    if (!job)
      this.jobs.set(
        name,
        (job = { state: 'queued', overs: 0, lastEvent: 0, turn: undefined, overEvents: 0, redrives: 0, returns: 0 }),
      );
    return job;
  }

  #onJob(name: string, field: string, before: string | undefined, after: string | undefined): void {
    switch (field) {
      case 'state':
        this.#onState(name, before as JobState | undefined, after as JobState);
        return;
      case 'lease':
      case 'attempt':
        if (Number(after) !== Number(before ?? 0) + 1)
          this.#break(`${field} of ${name} goes from ${before ?? '0'} to ${after ?? ''}`);
        return;
      case 'worker':
        if (after !== undefined) this.#onAssigned(name, after);
        return;
      case 'grant':
        // the last field that an assignment writes
        if (after !== undefined) this.#onAssigner(name);
        return;
      case 'failures':
        if (Number(after) >= this.#spec(name).attempts)
          this.#break(`${name} is queued again after all of its attempts`);
        return;
      case 'requeues':
        if (Number(after) > maxRequeues) this.#break(`${name} was requeued ${after ?? ''} times`);
        return;
      case 'retried:engine.hung':
        if (Number(after ?? 0) > (failureRule('engine.hung').most ?? 0))
          this.#break(`${name} hung and was tried again ${after ?? ''} times`);
    }
  }

  #spec(name: string): Pick<JobSpec, 'attempts' | 'priority'> {
    let spec = this.#specs.get(name);
    if (!spec)
      this.#specs.set(name, (spec = JSON.parse(this.db.hash(jobPrefix + name)?.get('spec') ?? '{}') as JobSpec));
    return spec;
  }

  #onState(name: string, before: JobState | undefined, after: JobState): void {
    const job = this.#job(name);
    this.tell()?.(`${name}: ${before ?? 'new'} -> ${after}`);
    job.state = after;
    if (isOver(after)) this.open.delete(name);
    else this.open.add(name);
    if (before === undefined) return;
    if (isOver(before) && after === redrive.to) {
      job.redrives++;
      job.returns = 0;
    } else if (after === 'queued') this.#onReturn(name, job);
    if (isOver(after) && ++job.overs > 1 + job.redrives) this.#break(`${name} is over twice`);
    if (!canMove(before, after)) this.#break(`${name} moves from ${before} to ${after}`);
    if (after === 'assigned') this.#onStarting(name);
  }

  /** A job goes back to its queue: not for ever, whatever its record counts, and not when it was to be cancelled. */
  #onReturn(name: string, job: SeenJob): void {
    if (++job.returns >= this.#spec(name).attempts + maxRequeues)
      this.#break(`${name} is queued again for the ${String(job.returns)}th time`);
    if (this.db.hash(jobPrefix + name)?.has('cancelRequestedAt'))
      this.#break(`${name} is queued again, though its cancel was asked for`);
  }

  /** What an operator or a row of failed starts has stopped, stands still. */
  #onStarting(name: string): void {
    const profile = this.db.hash(jobPrefix + name)?.get('profile') ?? '';
    for (const halt of this.db.hash(`{${namespace}}:halts`)?.keys() ?? [])
      if (halt.endsWith(':*') || halt.endsWith(`:${profile}`)) this.#break(`${name} starts, though there is ${halt}`);
  }

  #onAssigned(name: string, worker: string): void {
    if (this.db.hash(workerPrefix + worker)?.has('cordoned')) this.#break(`${worker} is cordoned and is given ${name}`);

    for (const [other, { state }] of this.jobs)
      if (other !== name && isHeld(state) && this.db.hash(jobPrefix + other)?.get('worker') === worker)
        this.#break(`${worker} is given ${name} while it has ${other}`);
    if ((this.#claims.get(name)?.size ?? 0) === 0)
      this.#break(`${name} was claimed before a worker said it was free, so that others could not overtake it`);
    this.#free.delete(worker);
    this.#claims.delete(name);
    for (const free of this.#claims.values()) free.delete(worker);
  }

  /** Only the owner of a worker gives it a job; who claimed it stands at the beginning of its lock. */
  #onAssigner(name: string): void {
    const record = this.db.hash(jobPrefix + name);
    const worker = record?.get('worker') ?? '';
    const [scheduler = ''] = record?.get('lock')?.split(':') ?? [];
    const owner = this.db.text(`${workerPrefix}${worker}:owner`) ?? 'nobody';
    if (owner !== scheduler) this.#break(`${worker} is given ${name} by ${scheduler}, and belongs to ${owner}`);
  }

  #profileOf(worker: string): string | undefined {
    return this.db.hash(workerPrefix + worker)?.get('profile');
  }

  #onWorker(name: string, field: string, before: string | undefined, after: string | undefined): void {
    if (field === 'job' && before !== undefined && after !== undefined && before !== after)
      this.#break(`${name} has two jobs: ${before} and ${after}`);
    if (field !== 'phase' || after === undefined) return;
    this.tell()?.(`${name}: ${before ?? 'new'} -> ${after}`);
    const from = before as WorkerPhase | undefined;
    if (from !== undefined && from !== after && !workerMoves[from].includes(after as WorkerPhase))
      this.#break(`${name} moves from ${from} to ${after}`);
    if (from === undefined) this.#onRegistered(name);
  }

  #onRegistered(name: string): void {
    const profile = this.db.hash(workerPrefix + name)?.get('profile') ?? '';
    const known = [...this.db.set(`{${namespace}}:workers`)].filter(
      (id) => id !== name && this.db.hash(workerPrefix + id)?.get('profile') === profile,
    );
    this.#limit(profile, known.length + 1, 'workers');
  }

  #onGrant(key: string, name: string): void {
    const grants = this.grants.get(name) ?? new Set();
    for (const grant of grants) if (!this.db.exists(grant)) grants.delete(grant);
    if (grants.size > 0) this.#break(`${name} has two live leases`);
    grants.add(key);
    this.grants.set(name, grants);
  }

  #onTold(name: string, job: SeenJob, attempt: string, text: string): void {
    const [worker = '', turn = '', place = ''] = text.split(' ');
    const of = `${worker} ${turn}`;
    if (job.turn?.attempt !== attempt) job.turn = { attempt, of, events: 0 };
    job.turn.events++;
    if (worker !== this.db.hash(jobPrefix + name)?.get('worker') || job.turn.of !== of)
      this.#break(`${name} has an event of somebody without the lease: ${text}`);
    else if (Number(place) !== job.turn.events)
      this.#break(`${name} has event ${place} of its attempt where ${String(job.turn.events)} was due`);
  }

  /** What must be so when all is over, and nothing disturbs any more. */
  atEnd(accepted: Iterable<string>): string | undefined {
    for (const name of accepted) {
      const job = this.jobs.get(name);
      if (!job) return `${name} was accepted, and is not there`;
      if (!isOver(job.state)) return `${name} is still ${job.state}`;
      if (job.overs !== 1 + job.redrives) return `${name} is over ${String(job.overs)} times`;
      if (job.overEvents !== 1 + job.redrives) return `${name} has ${String(job.overEvents)} job.over events`;
      for (const grant of this.grants.get(name) ?? [])
        if (this.db.exists(grant)) return `${name} is over and has a grant`;
    }
    return undefined;
  }

  #break(what: string): void {
    this.broken ??= what;
  }
}
