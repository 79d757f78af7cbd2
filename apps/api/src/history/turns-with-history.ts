import type { AbortSignalLike, JobArchive, SessionRef, SessionTurn, TurnLog, TurnPage } from '@remuda/domain';

/** Turns of the archive that are read at once for a follower. */
const stride = 100;

/** The turns of sessions in Redis, and those of sessions that only the archive still knows: they have ended. */
export class TurnsWithHistory implements TurnLog {
  constructor(
    private readonly recent: TurnLog,
    private readonly archive: Pick<JobArchive, 'turns'>,
  ) {}

  async page(session: SessionRef, after: number, limit: number): Promise<TurnPage | undefined> {
    const recent = await this.recent.page(session, after, limit);
    return recent ?? this.#archived(session, after, limit);
  }

  async *follow(session: SessionRef, after: number, signal: AbortSignalLike): AsyncGenerator<SessionTurn> {
    let last = after;
    for await (const turn of this.recent.follow(session, after, signal)) {
      last = turn.number;
      yield turn;
    }
    if (last > after || signal.aborted || (await this.recent.page(session, after, 1))) return;
    for (let complete = false; !complete;) {
      const page = await this.#archived(session, last, stride);
      yield* page?.turns ?? [];
      last = page?.turns.at(-1)?.number ?? last;
      complete = page?.complete ?? true;
    }
  }

  async #archived(session: SessionRef, after: number, limit: number): Promise<TurnPage | undefined> {
    const turns = await this.archive.turns(session, after, limit + 1);
    const isKnown = turns.length > 0 || (after > 0 && (await this.archive.turns(session, 0, 1)).length > 0);
    return isKnown ? { turns: turns.slice(0, limit), complete: turns.length <= limit } : undefined;
  }
}
