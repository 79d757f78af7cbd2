import { Inject, Injectable } from '@nestjs/common';
import { RemudaError, isId } from '@remuda/domain';
import type { DeadLetters, JobRef, Principal, Redriven } from '@remuda/domain';
import { Submission } from '../jobs/submit/submission.js';
import { deadLetters, redisIsUp } from '../stores.js';
import type { Outcome } from './outcome.js';
import { RedriveCount } from './redrive-count.js';

/** Maximum number of concurrent redrives. */
const atOnce = 25;

/** Redrives failed jobs, whether Redis has them or the archive alone. */
@Injectable()
export class Redrives {
  constructor(
    @Inject(deadLetters) private readonly letters: DeadLetters,
    /** BullMQ's queue object never recovers if it is created during an outage: so none is created then. */
    @Inject(redisIsUp) private readonly isUp: () => boolean,
    private readonly submission: Submission,
    private readonly count: RedriveCount,
  ) {}

  /** One job of the caller's tenant. */
  async one(id: string, caller: Pick<Principal, 'tenant' | 'scopes'>): Promise<Outcome> {
    if (!isId(id)) return { kind: 'unknown' };
    if (!this.isUp()) throw new RemudaError('redis.unavailable', 'Redis does not answer.', { retryAfterMs: 1_000 });
    const job: JobRef = { tenant: caller.tenant, id };
    const redriven = await this.letters.redrive(job);
    const outcome = redriven.kind === 'archived' ? await this.submit(redriven, caller) : redriven;
    this.count.note(outcome);
    return outcome;
  }

  /** Several, each with its own outcome. */
  async all(
    ids: readonly string[],
    caller: Pick<Principal, 'tenant' | 'scopes'>,
  ): Promise<readonly { readonly id: string; readonly outcome: Outcome }[]> {
    const outcomes: { readonly id: string; readonly outcome: Outcome }[] = [];
    for (let from = 0; from < ids.length; from += atOnce) {
      const some = ids.slice(from, from + atOnce);
      outcomes.push(...(await Promise.all(some.map(async (id) => ({ id, outcome: await this.one(id, caller) })))));
    }
    return outcomes;
  }

  private async submit(
    { job, prompt }: Extract<Redriven, { readonly kind: 'archived' }>,
    caller: Pick<Principal, 'tenant' | 'scopes'>,
  ): Promise<Outcome> {
    try {
      return { kind: 'submitted', as: await this.submission.again(job, prompt, caller) };
    } catch (error) {
      if (!(error instanceof RemudaError) || error.code !== 'request.invalid') throw error;
      const faults = (error.extra.faults ?? []).map(({ path, message }) => `${path} ${message}`);
      return { kind: 'refused', reason: `It cannot be submitted as it was: ${faults.join('; ') || error.message}` };
    }
  }
}
