import { Injectable } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';
import type { NewJob } from '@remuda/domain';

/** Counts the jobs that were taken in, by profile; a repeated request takes none in. */
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
