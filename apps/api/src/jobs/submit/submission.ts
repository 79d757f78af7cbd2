import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { RemudaError } from '@remuda/domain';
import type { Fault, JobRecord, JobStore, Scope, SharedClock } from '@remuda/domain';
import { invalid, requireDto } from '../../input/read-dto.js';
import type { Read } from '../../input/read-dto.js';
import { apiConfig, clock, jobStore, redisIsUp } from '../../stores.js';
import type { ApiConfig } from '../../stores.js';
import { readIdempotency } from './idempotency.js';
import { readJobSpec, type AskedJob } from './job-spec.js';
import { WorkspaceCheck } from '../../uploads/workspace-check.js';
import { KnownProfiles } from '../known-profiles.js';
import { SubmissionCount } from './submission-count.js';
import { SubmitBatchDto } from './submit-batch.dto.js';

/** Jobs that were accepted, now or earlier for a repeated request. */
export interface Taken {
  readonly ids: readonly string[];
  readonly repeated: boolean;
}

/** Whose jobs, and the idempotency key if there is one. */
export interface Submitter {
  readonly tenant: string;
  readonly key?: string | undefined;
  /** What their token may do. */
  readonly scopes: readonly Scope[];
}

/** Accepts jobs: reads them, checks their profiles, assigns ids. */
@Injectable()
export class Submission {
  constructor(
    @Inject(jobStore) private readonly store: JobStore,
    @Inject(clock) private readonly time: SharedClock,
    @Inject(apiConfig) private readonly config: ApiConfig,
    /** BullMQ's queue object never recovers if it is created during an outage: so none is created then. */
    @Inject(redisIsUp) private readonly isUp: () => boolean,
    private readonly profiles: KnownProfiles,
    private readonly count: SubmissionCount,
    private readonly workspaces: WorkspaceCheck,
  ) {}

  /** Accepts one job, once per key. Rejects with all its faults. */
  async one(body: unknown, submitter: Submitter): Promise<Taken> {
    const asked = await this.require(body);
    const [workspace] = await this.workspaces.require(
      [{ workspace: asked.spec.workspace, path: 'workspace' }],
      submitter,
    );
    return this.take([{ ...asked, spec: { ...asked.spec, workspace } }], submitter, body);
  }

  /**
   * Accepts a job once more that is only in the archive, as another job, whose id it returns; once a day. Rejects if something that it
   * begins with is gone.
   */
  async again({ id, spec }: JobRecord, prompt: string, { tenant, scopes }: Omit<Submitter, 'key'>): Promise<string> {
    await this.time.settled();
    await this.profiles.require([{ name: spec.profile, path: 'profile' }]);
    const [workspace] = await this.workspaces.require([{ workspace: spec.workspace, path: 'workspace' }], {
      tenant,
      scopes,
    });
    const { runAt: _runAt, ...rest } = spec;
    const job = { spec: { ...rest, workspace, prompt } };
    const taken = await this.take([job], { tenant, scopes, key: `redrive:${id}` }, { id });
    return taken.ids[0] ?? '';
  }

  /** Reads one job of a known profile, or rejects with all its faults. */
  async require(body: unknown): Promise<AskedJob> {
    await this.time.settled();
    const read = await this.read(body, '');
    if (!('value' in read)) throw codedRefusal(read.faults);
    await this.profiles.require([{ name: read.value.spec.profile, path: 'profile' }]);
    return read.value;
  }

  /** Rejects with `redis.unavailable` if nothing can be stored. */
  requireStore(): void {
    if (!this.isUp()) throw new RemudaError('redis.unavailable', 'Redis does not answer.', { retryAfterMs: 1_000 });
  }

  /** Accepts all jobs of a batch, or none, once per key. Rejects with all faults of all jobs. */
  async batch(body: unknown, submitter: Submitter): Promise<Taken> {
    const { jobs } = requireDto(SubmitBatchDto, body);
    await this.time.settled();
    const reads: Read<AskedJob>[] = [];
    for (const [i, job] of jobs.entries()) {
      reads.push(await this.read(job, `jobs[${i}]`));
      // Other requests get a turn in between.
      await setImmediate();
    }
    const faults = reads.flatMap((read) => [...read.faults]);
    if (faults.length > 0) throw codedRefusal(faults);
    const asked = reads.flatMap((read) => ('value' in read ? [read.value] : []));
    await this.profiles.require(asked.map(({ spec }, i) => ({ name: spec.profile, path: `jobs[${i}].profile` })));
    const workspaces = await this.workspaces.require(
      asked.map(({ spec }, i) => ({ workspace: spec.workspace, path: `jobs[${i}].workspace` })),
      submitter,
    );
    const found = asked.map((job, i) => ({
      ...job,
      spec: { ...job.spec, workspace: workspaces[i] ?? job.spec.workspace },
    }));
    return this.take(found, submitter, body);
  }

  private read(body: unknown, path: string): Promise<Read<AskedJob>> {
    return readJobSpec(body, { now: this.time.now(), ...this.config }, path);
  }

  private async take(asked: readonly AskedJob[], { tenant, key }: Submitter, body: unknown): Promise<Taken> {
    const idempotency = await readIdempotency(key, body);
    const jobs = asked.map((job) => ({ id: `j-${randomUUID()}`, tenant, ...job }));
    this.requireStore();
    await this.workspaces.hold(jobs);
    const taken = await this.store.submit(jobs, idempotency && { ...idempotency, tenant });
    this.count.note(jobs, taken.repeated);
    return taken;
  }
}

/** A refusal whose faults are all in schemas is `schema.invalid`. */
function codedRefusal(faults: readonly Fault[]): Error {
  const schema = faults.every((fault) => /(^|\.)outputSchema/.test(fault.path));
  return invalid(faults, schema ? 'schema.invalid' : 'request.invalid');
}
