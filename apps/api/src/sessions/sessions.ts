import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { RemudaError, isId } from '@remuda/domain';
import type {
  JobSpec,
  JobStore,
  PoolControls,
  SessionRecord,
  SessionRef,
  SessionSettings,
  SessionStore,
  TurnAnswer,
} from '@remuda/domain';
import { requireDto } from '../input/read-dto.js';
import { readIdempotency } from '../jobs/submit/idempotency.js';
import { withoutShorthand } from '../jobs/submit/job-spec.js';
import { SubmissionCount } from '../jobs/submit/submission-count.js';
import { Submission } from '../jobs/submit/submission.js';
import { jobStore, poolControls, sessionStore } from '../stores.js';
import { WorkspaceCheck, type WorkspaceAsker } from '../uploads/workspace-check.js';
import { afterSaving } from './after-saving.js';
import { forkFault } from './fork-fault.js';
import { CreateSessionDto, ForkSessionDto, SubmitTurnDto } from './session.dto.js';

/** A turn that was accepted, now or by an earlier request. */
export type AcceptedTurn = Extract<TurnAnswer, { kind: 'begun' | 'waits' | 'repeated' }>;

/** Whoever may write to sessions may begin one with the files of another; a job's files were checked when it was created. */
const checkedBefore = ['sessions:read', 'jobs:read'] as const;

/** Creates and ends sessions, and gives them turns. A turn is checked as the job that it is. */
@Injectable()
export class Sessions {
  constructor(
    @Inject(sessionStore) private readonly store: SessionStore,
    @Inject(jobStore) private readonly jobs: JobStore,
    @Inject(poolControls) private readonly pools: PoolControls,
    private readonly submission: Submission,
    private readonly count: SubmissionCount,
    private readonly workspaces: WorkspaceCheck,
  ) {}

  /** Creates a session; rejects with all faults. */
  async create(body: unknown, { tenant, scopes }: WorkspaceAsker): Promise<SessionRecord> {
    const { concurrent, idleMs, keepTurns, ...asked } = requireDto(CreateSessionDto, withoutShorthand(body));
    const { spec } = await this.submission.require({ ...asked, prompt: 'any' });
    await this.workspaces.require([{ workspace: spec.workspace, path: 'workspace' }], {
      ...{ tenant, scopes: ['sessions:read', ...scopes] },
    });
    const id = `s-${randomUUID()}`;
    this.submission.requireStore();
    await this.store.create({ id, tenant, concurrent, keepTurns, settings: settingsOf(spec, idleMs) });
    return this.session({ tenant, id });
  }

  /** Makes a session of this one, as it was after a turn. Rejects with `session.cannot_fork` for a turn that it cannot go on from. */
  async fork(body: unknown, session: SessionRecord): Promise<SessionRecord> {
    const { turn } = requireDto(ForkSessionDto, body);
    const id = `s-${randomUUID()}`;
    this.submission.requireStore();
    const fork = { id, from: session, ...(turn === undefined ? {} : { turn }) };
    let answer = await this.store.fork(fork);
    for (let tries = 0; answer === 'saving' && tries < 3; tries++) {
      await afterSaving(this.store, await this.session(session));
      answer = await this.store.fork(fork);
    }
    if (answer !== 'forked') throw forkFault(answer, session, turn);
    return this.session({ tenant: session.tenant, id });
  }

  /** The session, or `session.unknown`, as for another tenant's. */
  async session({ tenant, id }: SessionRef): Promise<SessionRecord> {
    const session = isId(id) ? await this.store.find({ tenant, id }) : undefined;
    return session ?? unknown(id);
  }

  /** Accepts a turn, once per key; with `mode: interrupt` the one under way is then cancelled. */
  async submit(body: unknown, session: SessionRecord, key: string | undefined): Promise<AcceptedTurn> {
    const { mode, ...asked } = requireDto(SubmitTurnDto, body);
    const { tenant } = session;
    const { idleMs, ...settings } = session.settings;
    const labels = { ...settings.labels, ...asked.labels };
    const { secrets: own = [] } = asked;
    const secrets = [...own, ...(settings.secrets ?? []).filter((name) => !own.includes(name))];
    const { spec } = await this.submission.require({ ...settings, ...asked, labels, secrets });
    const idempotency = await readIdempotency(key, { session: session.id, body });
    this.submission.requireStore();
    const first = mode === 'interrupt';
    const job = { id: `j-${randomUUID()}`, spec: idleMs > 0 ? { ...spec, holdMs: idleMs } : spec };
    const held = await this.holdFiles(session, job);
    const answer = accepted(
      session,
      await this.store.submit({ session, job: held, first }, idempotency && { ...idempotency, tenant }),
    );
    this.count.note([job], answer.kind === 'repeated');
    if (first && answer.kind === 'waits')
      await this.jobs.cancel({ tenant, id: answer.running }, 'A further turn has interrupted it.');
    return answer;
  }

  /** Only the first turns begin with the session's workspace; later ones go on from its snapshot. */
  private async holdFiles<J extends { id: string; spec: JobSpec }>(
    { snapshotAt, tenant }: SessionRecord,
    job: J,
  ): Promise<J> {
    if (snapshotAt !== undefined) return job;
    const [workspace] = await this.workspaces.require([{ workspace: job.spec.workspace, path: 'workspace' }], {
      ...{ tenant, scopes: checkedBefore },
    });
    const held = { ...job, spec: { ...job.spec, workspace } };
    await this.workspaces.hold([held]);
    return held;
  }

  /** Stops a session: it takes no more turns, and those that are not over are cancelled. */
  async stop(ref: SessionRef): Promise<SessionRecord> {
    const session = await this.session(ref);
    const turns = (await this.store.stop(session)) ?? unknown(ref.id);
    // Those that wait first: none of them must begin.
    for (const id of [...turns].reverse())
      await this.jobs.cancel({ tenant: ref.tenant, id }, 'The session was stopped.');
    if (session.worker !== undefined) await this.pools.drainWorker(session.worker, 0);
    return this.session(ref);
  }

  /** Removes a session that is stopped; `session.busy` while it is not, or a turn of it is not over. */
  async remove(ref: SessionRef): Promise<void> {
    const session = await this.session(ref);
    const answer = await this.store.remove(session);
    if (answer === 'unknown') unknown(ref.id);
    if (answer === 'busy')
      throw new RemudaError('session.busy', 'The session is not stopped, or its last turn is not over yet.');
  }
}

function accepted({ state, settings }: SessionRecord, answer: TurnAnswer): AcceptedTurn {
  switch (answer.kind) {
    case 'busy':
      throw new RemudaError(
        'session.busy',
        `The session takes one turn at a time, and ${answer.running} is under way.`,
      );
    case 'spent':
      throw new RemudaError(
        'session.budget_spent',
        `Nothing is left of the session's budget: its turns have cost ${answer.costUsd.toFixed(6)} of ${String(settings.maxBudgetUsd)} US dollars.`,
      );
    case 'over':
      throw new RemudaError('session.stopped', `The session takes no more turns: it is ${answer.state}.`);
    case 'unknown':
      throw new RemudaError('session.unknown', `There is no such session any more; it was ${state}.`);
    default:
      return answer;
  }
}

function unknown(id: string): never {
  throw new RemudaError('session.unknown', `There is no session ${JSON.stringify(id.slice(0, 80))}.`);
}

function settingsOf(spec: JobSpec, idleMs: number): SessionSettings {
  const { profile, model, maxBudgetUsd, appendSystemPrompt, tools, permissionMode, workspace, labels, metadata } = spec;
  const { namedSecrets: secrets } = spec;
  return {
    ...{ profile, workspace, idleMs, labels, metadata },
    ...(model === undefined ? {} : { model }),
    ...(maxBudgetUsd === undefined ? {} : { maxBudgetUsd }),
    ...(appendSystemPrompt === undefined ? {} : { appendSystemPrompt }),
    ...(tools === undefined ? {} : { tools }),
    ...(permissionMode === undefined ? {} : { permissionMode }),
    ...(secrets === undefined ? {} : { secrets }),
  };
}
