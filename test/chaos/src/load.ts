import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { script } from '@remuda/scripted-model';
import type { ChaosCluster } from './cluster.js';
import type { Ledger } from './ledger.js';
import type { ChaosOptions } from './options.js';
import type { Random } from './random.js';

/** So many accepted jobs may be open: enough that there is always one to start. */
const mostOpen = 8 * availableParallelism();
const answerMs = 10_000;
const lookEveryMs = 200;
/** The jobs come evenly over this part of the time. */
const busyPart = 0.9;
/** Every so manieth job is a turn of one of so many sessions, whose workers wait for the next one for these times, in ms. */
const turns = { every: 3, sessions: 4, idleMs: [0, 1_000, 5_000, 60_000] } as const;
/** A session that takes no turn so often is replaced by another one: Redis may have lost it with its last second. */
const triesOfSession = 20;
/** An attempt that takes longer than this hung, since none of them has more than some seconds to do. */
const timeoutMs = 90_000;

/** Submits jobs as a client would that means it: what is refused or gets no answer is sent again. */
export class Load {
  #sent = 0;
  /** The sessions that take turns now, each created when it is first needed. */
  readonly #sessions = new Map<number, Promise<string | undefined>>();
  /** Requests that were refused or got no answer. */
  refused = 0;

  constructor(
    private readonly cluster: ChaosCluster,
    private readonly ledger: Ledger,
    private readonly random: Random,
    private readonly options: ChaosOptions,
  ) {}

  /** Submits until all jobs are accepted, or the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { jobs, minutes } = this.options;
    const perMs = jobs / (minutes * 60_000 * busyPart);
    const began = performance.now();
    while (this.#sent < jobs && !signal.aborted) {
      await this.ledger.look();
      const due = Math.min(jobs, Math.ceil((performance.now() - began) * perMs)) - this.#sent;
      const room = Math.min(mostOpen - this.ledger.open, due);
      await Promise.all(Array.from({ length: Math.max(0, room) }, () => this.#submit(++this.#sent, signal)));
      await sleep(lookEveryMs);
    }
  }

  async #submit(n: number, signal: AbortSignal): Promise<void> {
    const job = this.#job(n);
    const key = this.random.next() < 0.5 ? { 'idempotency-key': `chaos-${String(n)}` } : undefined;
    const cancelAfterMs = this.random.next() < 0.03 ? this.random.between(0, 800) : undefined;
    for (let tries = 1; !signal.aborted; tries++) {
      // Without a key what got no answer may have become a job all the same: that one has a note of its own.
      const note = key ? String(n) : `${String(n)}-${String(tries)}`;
      const session = n % turns.every === 0 ? await this.#session(n, tries) : undefined;
      if (session === undefined && n % turns.every === 0) {
        await sleep(100);
        continue;
      }
      const path = session === undefined ? '/jobs' : `/sessions/${session}/turns`;
      const id = await this.#post(path, JSON.stringify(job(note)), key);
      if (id !== undefined) {
        this.ledger.add({ id, n, note, acceptedAt: Date.now(), ...(session === undefined ? {} : { session }) });
        if (cancelAfterMs !== undefined) void this.#cancel(id, cancelAfterMs);
        return;
      }
      this.refused++;
      await sleep(100);
    }
  }

  /** The session whose turn this job is; undefined where it could not be created now. */
  async #session(n: number, tries: number): Promise<string | undefined> {
    const place = Math.floor(n / turns.every) % turns.sessions;
    if (tries % triesOfSession === 0) this.#sessions.delete(place);
    const known =
      this.#sessions.get(place) ?? this.#post('/sessions', JSON.stringify({ idleMs: turns.idleMs[place] ?? 0 }));
    this.#sessions.set(place, known);
    const id = await known;
    if (id === undefined && this.#sessions.get(place) === known) this.#sessions.delete(place);
    return id;
  }

  async #cancel(id: string, afterMs: number): Promise<void> {
    await sleep(afterMs);
    const job = this.ledger.accepted.get(id);
    if (job) job.cancelled = true;
    await this.#post(`/jobs/${id}/cancel`, '{}');
  }

  /** The job's id; undefined where there was no answer, or another one than 202. */
  async #post(path: string, body: string, headers: Record<string, string> = {}): Promise<string | undefined> {
    const client = this.random.pick(this.cluster.clients);
    try {
      const response = await fetch(`${client?.url ?? ''}/api/v1${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
        signal: AbortSignal.timeout(answerMs),
      });
      const answer = (await response.json()) as { id?: string };
      return response.ok ? answer.id : undefined;
    } catch {
      return undefined;
    }
  }

  /** A short call of a tool that leaves a line in the job's note: its home names the worker. Some take a little longer. */
  #job(n: number): (note: string) => object {
    const { random } = this;
    const pause = random.next() < 0.15 ? `sleep ${(random.next() * 2).toFixed(1)}; ` : '';
    const delays = [random.between(0, 300), random.between(0, 300)] as const;
    const line = (note: string): string =>
      this.options.runtime === 'process' ? `echo "$HOME" >> ${this.cluster.notes}/${note}` : 'echo line >> note';
    return (note) => ({
      prompt: script(
        {
          tools: [{ name: 'Bash', input: { command: pause + line(note), description: 'leave a note' } }],
          delayMs: delays[0],
        },
        { text: resultOf(n), delayMs: delays[1] },
      ),
      attempts: 5,
      timeoutMs,
    });
  }
}

/** What the job with this number says at its end. */
export function resultOf(n: number): string {
  return `done ${String(n)}`;
}
