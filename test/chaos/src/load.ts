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
/** An attempt that takes longer than this hung, since none of them has more than some seconds to do. */
const timeoutMs = 90_000;

/** Submits jobs as a client would that means it: what is refused or gets no answer is sent again. */
export class Load {
  #sent = 0;
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
      const id = await this.#post('/jobs', JSON.stringify(job(note)), key);
      if (id !== undefined) {
        this.ledger.add({ id, n, note, acceptedAt: Date.now() });
        if (cancelAfterMs !== undefined) void this.#cancel(id, cancelAfterMs);
        return;
      }
      this.refused++;
      await sleep(100);
    }
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
