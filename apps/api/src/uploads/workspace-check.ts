import { Inject, Injectable } from '@nestjs/common';
import { RemudaError, isId } from '@remuda/domain';
import type { Fault, JobStore, Scope, SessionStore, Workspace } from '@remuda/domain';
import { invalid } from '../input/read-dto.js';
import { jobStore, sessionStore } from '../stores.js';
import { Artifacts } from '../artifacts/artifacts.js';
import { afterSaving } from '../sessions/after-saving.js';
import { Uploads } from './uploads.js';

/** A job's workspace, and where it stands in the request. */
export interface AskedWorkspace {
  readonly workspace: Workspace;
  readonly path: string;
}

/** Who asks for it. */
export interface WorkspaceAsker {
  readonly tenant: string;
  /** What their token may do. */
  readonly scopes: readonly Scope[];
}

/** Checks that what jobs begin with is there, and is their tenant's. */
@Injectable()
export class WorkspaceCheck {
  constructor(
    private readonly uploads: Uploads,
    private readonly artifacts: Artifacts,
    @Inject(sessionStore) private readonly sessions: SessionStore,
    @Inject(jobStore) private readonly jobs: JobStore,
  ) {}

  /**
   * The workspaces as jobs have them: those of other jobs with what is kept of these. Rejects with `request.invalid` and all
   * faults, or with `token.scope_missing` for the files of a session or a job.
   */
  async require(
    asked: readonly AskedWorkspace[],
    { tenant, scopes }: WorkspaceAsker,
  ): Promise<readonly [Workspace, ...Workspace[]]> {
    requireScopes(asked, scopes);
    const answers = new Map<string, Promise<Found>>();
    const found = await Promise.all(
      asked.map(async ({ workspace, path }) => {
        const key = JSON.stringify(workspace);
        const answer = answers.get(key) ?? this.find(workspace, tenant);
        answers.set(key, answer);
        const { fault, ...rest } = await answer;
        return fault ? { workspace, fault: { ...fault, path: `${path}.${fault.path}` } } : { workspace, ...rest };
      }),
    );
    const faults = found.flatMap((each) => ('fault' in each ? [each.fault] : []));
    if (faults.length > 0) throw invalid(faults);
    return found.map(({ workspace }) => workspace) as [Workspace, ...Workspace[]];
  }

  /** Keeps the uploads of jobs that are about to be submitted, until these are over. */
  async hold(
    jobs: readonly { readonly id: string; readonly spec: { readonly workspace: Workspace } }[],
  ): Promise<void> {
    const held = jobs.flatMap(({ id, spec }) =>
      spec.workspace.kind === 'upload' ? [{ id, upload: spec.workspace.upload }] : [],
    );
    for (let from = 0; from < held.length; from += atOnce)
      await Promise.all(held.slice(from, from + atOnce).map(({ id, upload }) => this.uploads.hold(upload, id)));
  }

  private async find(workspace: Workspace, tenant: string): Promise<Found> {
    if (workspace.kind === 'upload') {
      const found = await this.uploads.record(workspace.upload, tenant);
      return found ? {} : fault('upload', 'is no upload that is complete: see PUT /api/v1/uploads');
    }
    if (workspace.kind !== 'snapshot') return {};
    return 'job' in workspace ? this.filesOfJob(workspace.job, tenant) : this.filesOfSession(workspace.session, tenant);
  }

  private async filesOfSession(id: string, tenant: string): Promise<Found> {
    const known = isId(id) ? await this.sessions.find({ tenant, id }) : undefined;
    const session = known && (await afterSaving(this.sessions, known));
    if (!session) return fault('session', 'is no session');
    return session.snapshotAt === undefined ? fault('session', 'has no files yet: no turn of it is over') : {};
  }

  private async filesOfJob(id: string, tenant: string): Promise<Found> {
    const job = isId(id) ? await this.jobs.find({ tenant, id }) : undefined;
    if (!job) return fault('job', 'is no job');
    const { keptArtifacts: kept } = job;
    if (!kept) return fault('job', 'has left no files: they are those that its artifacts name, once it is over');
    return (await this.artifacts.areThere(job))
      ? { workspace: { kind: 'snapshot', job: id, kept } }
      : fault('job', 'has left files that are no longer kept');
  }
}

/** What is wrong with a workspace; or the workspace as jobs have it, where that is another one. */
type Found = { readonly fault?: undefined; readonly workspace?: Workspace } | { readonly fault: Fault };

const fault = (path: string, message: string): Found => ({ fault: { path, message } });

function requireScopes(asked: readonly AskedWorkspace[], scopes: readonly Scope[]): void {
  const snapshots = asked.flatMap(({ workspace }) => (workspace.kind === 'snapshot' ? [workspace] : []));
  if (snapshots.some((each) => 'session' in each) && !scopes.includes('sessions:read'))
    throw new RemudaError('token.scope_missing', "A session's files need a token with the scope sessions:read.");
  if (snapshots.some((each) => 'job' in each) && !scopes.includes('jobs:read'))
    throw new RemudaError('token.scope_missing', "A job's files need a token with the scope jobs:read.");
}

const atOnce = 20;
