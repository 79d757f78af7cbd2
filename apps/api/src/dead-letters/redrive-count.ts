import { Injectable } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';
import type { Outcome } from './outcome.js';

/** Counts redrives by outcome. */
@Injectable()
export class RedriveCount {
  private readonly counter: Counter<'outcome'>;

  constructor(registry: Registry) {
    this.counter = new Counter({
      name: 'remuda_redrives_total',
      help: 'Requests to redrive a failed job, by outcome.',
      labelNames: ['outcome'],
      registers: [registry],
    });
  }

  note({ kind }: Outcome): void {
    this.counter.inc({ outcome: kind });
  }
}
