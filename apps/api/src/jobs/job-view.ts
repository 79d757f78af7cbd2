import type { JobOutlook, JobRecord, JobResult, JobState, JobTimes, Workspace } from '@remuda/domain';
import { jobsPath } from '@remuda/protocol';
import type { AcceptedJobView, JobResultView, JobView } from '@remuda/protocol';

/** A job in the API: its times as ISO 8601, without internal fields. */
export function viewJob(job: JobRecord, outlook?: JobOutlook): JobView {
  const { spec, times, wakeAt, cancelRequestedAt, ...rest } = withoutInnerParts(job);
  const { runAt, secrets = [], namedSecrets = [], holdMs: _holdMs, ...asked } = spec;
  const names = [...secrets, ...namedSecrets];
  return {
    ...rest,
    ...(outlook ? viewOutlook(outlook) : {}),
    ...(wakeAt === undefined ? {} : { wakeAt: iso(wakeAt) }),
    ...(cancelRequestedAt === undefined ? {} : { cancelRequestedAt: iso(cancelRequestedAt) }),
    times: viewTimes(times),
    ...asked,
    ...viewWorkspace(asked.workspace),
    ...(names.length === 0 ? {} : { secrets: names }),
    ...(runAt === undefined ? {} : { runAt: iso(runAt) }),
  };
}

/** Where the files of another job are is internal. */
function viewWorkspace(workspace: Workspace): { readonly workspace: Workspace } {
  if (workspace.kind !== 'snapshot' || !('job' in workspace)) return { workspace };
  return { workspace: { kind: 'snapshot', job: workspace.job } };
}

/** The answer for an accepted job; `basePath` is the proxy's path prefix. */
export function viewAccepted(id: string, basePath: string, state: JobState = 'queued'): AcceptedJobView {
  const url = `${basePath}${jobsPath}/${id}`;
  return { id, state, url, events: `${url}/events` };
}

/** The result of a job that is over, or as much as there is. */
export function viewResult(job: JobRecord, result: JobResult | undefined): JobResultView {
  const { id, state, failure, usage, costUsd } = job;
  return {
    ...{ id, state },
    ...(failure === undefined ? {} : { failure }),
    ...result,
    ...(usage === undefined || costUsd === undefined ? {} : { usage, costUsd }),
  };
}

function viewOutlook({ position, startsAt, limited }: JobOutlook) {
  return {
    queuePosition: position,
    ...(startsAt === undefined ? {} : { estimatedStartAt: iso(startsAt) }),
    ...(limited ? { limited } : {}),
  };
}

/** A time in the API. */
export function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** Lease token, snapshots and names of artifacts are internal; the reader knows the tenant. */
function withoutInnerParts(job: JobRecord): Omit<JobRecord, Inner> {
  const { lease: _lease, snapshot: _snapshot, keptArtifacts: _kept, origin: _origin, tenant: _tenant, ...seen } = job;
  return seen;
}

type Inner = 'lease' | 'snapshot' | 'keptArtifacts' | 'origin' | 'tenant';

function viewTimes(times: JobTimes): JobView['times'] {
  const entries = Object.entries(times).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  return Object.fromEntries(entries.map(([name, at]) => [name, iso(at)])) as unknown as JobView['times'];
}
