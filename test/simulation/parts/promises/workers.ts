import { isHeld, workerMoves, type WorkerPhase } from '@remuda/domain';
import type { Onlooker } from '../../redis/database.js';
import type { TurnWatch } from '../agent.js';
import type { Standing } from '../operators.js';
import type { JobPromises } from './jobs.js';
import type { SessionPromises } from './sessions.js';
import { haltsKey, jobPrefix, schedulersKey, workerPrefix, workersKey, type Sight } from './sight.js';

/** What is promised of workers: who is given which job, by whom, and how many there are. */
export class WorkerPromises implements TurnWatch {
  /** Hears of every turn that ended, by its job. */
  turned: ((job: string) => void) | undefined;
  /** Hears of every claim, by its lock. */
  claimed: ((lock: string) => void) | undefined;
  /** Workers that have said that they are free, and were given no job since. */
  readonly #free = new Set<string>();
  /** By job, the workers that were free when it was claimed, and were given no other one since. */
  readonly #claims = new Map<string, Set<string>>();
  readonly #turning = new Set<string>();
  readonly #tokens = new Set<string>();
  #turns = 0;

  constructor(
    private readonly max: ReadonlyMap<string, number>,
    private readonly jobs: JobPromises,
    private readonly sessions: SessionPromises,
    private readonly sight: Sight,
  ) {}

  /** A worker says that it is free. */
  onFree(worker: string): void {
    this.#free.add(worker);
  }

  onClaim(...[{ queue, job, givenBack }, lock]: Parameters<Onlooker['onClaim']>): void {
    if (!queue.includes(':jobs.')) return;
    this.claimed?.(lock);
    const profile = queue.slice(queue.lastIndexOf(':jobs.') + ':jobs.'.length);
    this.#claims.set(job, new Set([...this.#free].filter((worker) => this.#profileOf(worker) === profile)));
    if (!givenBack) this.sessions.onClaim(job, profile);
    if (givenBack || this.sessions.isAwaited(job)) return;
    const priority = this.jobs.spec(job).priority;
    const tenant = this.sight.tenantOf(job);
    for (const other of this.sight.db.sorted(`${queue}:prioritized`).keys())
      if (this.sight.tenantOf(other) === tenant && this.jobs.spec(other).priority < priority)
        this.sight.break(`${job} is claimed before ${other}, which is more urgent`);
  }

  onTurn(worker: string, job: string, token: string): number {
    if (this.#turning.has(worker)) this.sight.break(`${worker} carries out two jobs at once`);
    if (this.#tokens.has(token)) this.sight.break(`one lease of ${job} was carried out twice`);
    this.#turning.add(worker);
    this.#tokens.add(token);
    return ++this.#turns;
  }

  onTurnEnd(worker: string, job: string): void {
    this.#turning.delete(worker);
    this.turned?.(job);
  }

  onConversation(...begun: Parameters<SessionPromises['onConversation']>): void {
    this.sessions.onConversation(...begun);
  }

  onContainer(profile: string, running: number): void {
    this.#limit(profile, running, 'containers');
  }

  /** Workers that there are, as the store has it. */
  all(): readonly string[] {
    return [...this.sight.db.set(workersKey)];
  }

  /** What operators have put in the way of jobs, or failed starts. */
  standing(): Standing {
    const halts = [...(this.sight.db.hash(haltsKey)?.keys() ?? [])].map((halt) => halt.slice(halt.indexOf(':') + 1));
    return {
      halted: [...new Set(halts)].map((profile) => (profile === '*' ? undefined : profile)),
      cordoned: this.all().filter((worker) => this.sight.db.hash(workerPrefix + worker)?.has('cordoned')),
    };
  }

  #limit(profile: string, count: number, what: string): void {
    const max = this.max.get(profile) ?? 0;
    if (count > max) this.sight.break(`the pool ${profile} has ${String(count)} ${what}, and may have ${String(max)}`);
  }

  /** A job's record names the worker that it is given to. */
  onAssigned(name: string, worker: string): void {
    if (this.sight.db.hash(workerPrefix + worker)?.has('cordoned'))
      this.sight.break(`${worker} is cordoned and is given ${name}`);
    this.sessions.onAssigned(name, worker);
    for (const [other, { state }] of this.jobs.seen)
      if (other !== name && isHeld(state) && this.sight.db.hash(jobPrefix + other)?.get('worker') === worker)
        this.sight.break(`${worker} is given ${name} while it has ${other}`);
    if ((this.#claims.get(name)?.size ?? 0) === 0 && !this.sessions.isAwaited(name, worker))
      this.sight.break(`${name} was claimed before a worker said it was free, so that others could not overtake it`);
    this.#free.delete(worker);
    this.#claims.delete(name);
    for (const free of this.#claims.values()) free.delete(worker);
  }

  /** Only the owner of a worker gives it a job; who claimed it stands at the beginning of its lock. */
  onAssigner(name: string): void {
    const record = this.sight.db.hash(jobPrefix + name);
    const worker = record?.get('worker') ?? '';
    const [scheduler = ''] = record?.get('lock')?.split(':') ?? [];
    const owner = this.sight.db.text(`${workerPrefix}${worker}:owner`) ?? 'nobody';
    if (owner !== scheduler) this.sight.break(`${worker} is given ${name} by ${scheduler}, and belongs to ${owner}`);
  }

  /** A worker passes from one scheduler to another: only when the first one has said nothing for long enough. */
  onOwner(key: string, before: string | undefined, value: string): void {
    if (before === undefined || before === value) return;
    const { db } = this.sight;
    if ((db.sorted(schedulersKey).get(before) ?? Infinity) >= db.now())
      this.sight.break(`${key} passes from ${before} to ${value}, though it holds`);
  }

  #profileOf(worker: string): string | undefined {
    return this.sight.db.hash(workerPrefix + worker)?.get('profile');
  }

  /** A field of a worker's record has changed. */
  onField(name: string, field: string, before: string | undefined, after: string | undefined): void {
    // One that holds a session goes from turn to turn.
    const had = before === undefined ? undefined : this.jobs.seen.get(before)?.state;
    if (field === 'job' && had !== undefined && isHeld(had) && after !== undefined && before !== after)
      this.sight.break(`${name} has two jobs: ${before} and ${after}`);
    if (field !== 'phase' || after === undefined) return;
    this.sight.tell()?.(`${name}: ${before ?? 'new'} -> ${after}`);
    const from = before as WorkerPhase | undefined;
    if (from !== undefined && from !== after && !workerMoves[from].includes(after as WorkerPhase))
      this.sight.break(`${name} moves from ${from} to ${after}`);
    if (from === undefined) this.#onRegistered(name);
  }

  #onRegistered(name: string): void {
    const profile = this.sight.db.hash(workerPrefix + name)?.get('profile') ?? '';
    const known = [...this.sight.db.set(workersKey)].filter(
      (id) => id !== name && this.sight.db.hash(workerPrefix + id)?.get('profile') === profile,
    );
    this.#limit(profile, known.length + 1, 'workers');
  }
}
