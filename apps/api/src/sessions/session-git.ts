import { Inject, Injectable } from '@nestjs/common';
import { isOver } from '@remuda/domain';
import type { JobStore, SessionRecord, SessionTurn } from '@remuda/domain';
import type { SessionGitView } from '@remuda/protocol';
import { SessionEvents } from '../events/session/session-events.js';
import { jobStore } from '../stores.js';

/** Of so many of its latest turns one has to have an outcome: others failed, or are known no longer. */
const mostTurns = 20;

/** What sessions have changed in their repositories, from the results of their turns: in Redis, or in the history. */
@Injectable()
export class SessionGit {
  constructor(
    private readonly sessions: SessionEvents,
    @Inject(jobStore) private readonly store: JobStore,
  ) {}

  /**
   * The outcome of the latest turn that is over and did not fail: it is counted from the session's beginning. Undefined without a
   * repository, before such a turn, and if its result is kept no longer.
   */
  async of(session: SessionRecord): Promise<SessionGitView | undefined> {
    if (session.turns === 0 || session.settings.workspace.kind === 'empty') return undefined;
    const { turns } = await this.sessions.turns(session, Math.max(0, session.turns - mostTurns), mostTurns);
    for (const turn of turns.toReversed()) {
      const git = await this.ofTurn(session, turn);
      if (git) return git;
    }
    return undefined;
  }

  private async ofTurn(
    { tenant }: SessionRecord,
    { number, job: id }: SessionTurn,
  ): Promise<SessionGitView | undefined> {
    const job = await this.store.find({ tenant, id });
    if (!job || !isOver(job.state) || job.state === 'failed') return undefined;
    const { git } = (await this.store.result(job)) ?? {};
    if (!git) return undefined;
    const { patch: _patch, push: _push, ...summary } = git;
    return { turn: number, job: id, ...summary };
  }
}
