import { Inject, Injectable } from '@nestjs/common';
import type { JobStore, WorkerRecord } from '@remuda/domain';
import type { WorkerView } from '@remuda/protocol';
import { jobStore } from '../stores.js';
import { viewWorker } from './worker-view.js';

/** Workers as an operator sees them: they work for all tenants, but jobs are shown to their own tenant only. */
@Injectable()
export class ShownWorkers {
  constructor(@Inject(jobStore) private readonly jobs: JobStore) {}

  async view({ job: id, ...worker }: WorkerRecord, tenant: string): Promise<WorkerView> {
    const isOwn = id !== undefined && (await this.jobs.find({ tenant, id })) !== undefined;
    return viewWorker(isOwn ? { ...worker, job: id } : worker);
  }
}
