import { Injectable } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';
import type { NewJob } from '@remuda/domain';

/** Counts accepted jobs by profile; a repeated request accepts none. */
@Injectable()
export class SubmissionCount {
  private readonly counter: Counter<'profile' | 'outcome'>;

  constructor(registry: Registry) {
    this.counter = new Counter({
      name: 'remuda_jobs_submitted_total',
      help: 'Submitted jobs: accepted, or repeated (accepted before under the same idempotency key).',
      labelNames: ['profile', 'outcome'],
      registers: [registry],
    });
  }

  note(jobs: readonly Pick<NewJob, 'spec'>[], repeated: boolean): void {
    for (const { spec } of jobs)
      this.counter.inc({ profile: spec.profile, outcome: repeated ? 'repeated' : 'accepted' });
  }
}
