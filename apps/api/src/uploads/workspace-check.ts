import { Inject, Injectable } from '@nestjs/common';
import { RemudaError, isId } from '@remuda/domain';
import type { Fault, Scope, SessionStore, Workspace } from '@remuda/domain';
import { invalid } from '../input/read-dto.js';
import { sessionStore } from '../stores.js';
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
    @Inject(sessionStore) private readonly sessions: SessionStore,
  ) {}

  /** Rejects with `request.invalid` and all faults, or with `token.scope_missing` for the files of a session. */
  async require(asked: readonly AskedWorkspace[], { tenant, scopes }: WorkspaceAsker): Promise<void> {
    if (asked.some(({ workspace }) => workspace.kind === 'snapshot') && !scopes.includes('sessions:read'))
      throw new RemudaError('token.scope_missing', "A session's files need a token with the scope sessions:read.");
    const answers = new Map<string, Promise<Fault | undefined>>();
    const faults = await Promise.all(
      asked.map(async ({ workspace, path }) => {
        const key = JSON.stringify(workspace);
        const answer = answers.get(key) ?? this.fault(workspace, tenant);
        answers.set(key, answer);
        const fault = await answer;
        return fault ? [{ ...fault, path: `${path}.${fault.path}` }] : [];
      }),
    );
    if (faults.flat().length > 0) throw invalid(faults.flat());
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

  private async fault(workspace: Workspace, tenant: string): Promise<Fault | undefined> {
    if (workspace.kind === 'upload') {
      const found = await this.uploads.record(workspace.upload, tenant);
      return found ? undefined : { path: 'upload', message: 'is no upload that is complete: see PUT /api/v1/uploads' };
    }
    if (workspace.kind !== 'snapshot') return undefined;
    const { session: id } = workspace;
    const session = isId(id) ? await this.sessions.find({ tenant, id }) : undefined;
    if (!session) return { path: 'session', message: 'is no session' };
    return session.snapshotAt === undefined
      ? { path: 'session', message: 'has no files yet: no turn of it is over' }
      : undefined;
  }
}

const atOnce = 20;
