import { Inject, Injectable } from '@nestjs/common';
import { RemudaError, forgottenTurn, formatPosition, isId, sessionEvent } from '@remuda/domain';
import type {
  AbortSignalLike,
  Clock,
  EventLog,
  JobRef,
  JobStore,
  SessionEvent,
  SessionPosition,
  SessionRef,
  SessionTurn,
  TurnLog,
  TurnPage,
} from '@remuda/domain';
import { clock, eventLog, jobStore, turnLog } from '../../stores.js';
import { JobEvents, quiet, type Following } from '../job-events.js';
import { badPosition } from '../position.js';
import { withQuiet } from '../stream/quiet.js';

/** A page of a session's events. */
export interface SessionEventPage {
  readonly events: readonly SessionEvent[];
  /** Whether the session has ended, and this page reaches its last event. */
  readonly complete: boolean;
}

/** Turns that are read at once for a page. */
const stride = 20;

/** Where a client's stream of a session begins. */
export interface SessionPlace {
  readonly session: SessionRef;
  readonly after: SessionPosition;
  /** Where the position is from. */
  readonly path: string;
}

/** Event streams of sessions for clients: those of their turns, one after the other. */
@Injectable()
export class SessionEvents {
  constructor(
    private readonly jobs: JobEvents,
    @Inject(jobStore) private readonly store: JobStore,
    @Inject(eventLog) private readonly log: EventLog,
    @Inject(turnLog) private readonly turnsOf: TurnLog,
    @Inject(clock) private readonly time: Clock,
  ) {}

  /** Turns of a session that have begun; `session.unknown` if neither Redis nor the history has it. */
  async turns(session: SessionRef, after: number, limit: number): Promise<TurnPage> {
    const { id } = session;
    const page = isId(id) ? await this.turnsOf.page(session, after, limit) : undefined;
    if (page) return page;
    throw new RemudaError('session.unknown', `There is no session ${JSON.stringify(id.slice(0, 80))}.`);
  }

  /** A page of the stream, with about `limit` events. */
  async page(place: SessionPlace, limit: number): Promise<SessionEventPage> {
    await this.requirePlace(place);
    const events: SessionEvent[] = [];
    let { turn, event } = place.after;
    for (;;) {
      const { turns, complete } = await this.turns(place.session, Math.max(0, turn - 1), stride);
      for (const one of turns) {
        const read = await this.pageOfTurn(place.session, one, event, limit - events.length);
        events.push(...read.events);
        if (!read.complete) return { events, complete: false };
        event = 0;
      }
      const last = turns.at(-1);
      if (complete) return { events, complete };
      if (!last || turns.length < stride) return { events, complete: false };
      turn = last.number + 1;
    }
  }

  /** The events behind a place, including future ones, until the session has ended or the signal aborts. */
  async follow(place: SessionPlace, signal: AbortSignalLike): Promise<Following<SessionEvent>> {
    const { events, complete } = await this.page(place, 1);
    if (complete && events.length === 0) return { ended: true };
    let current: JobRef | undefined;
    const { tenant } = place.session;
    const onTurn = ({ job: id }: SessionTurn): void => {
      current = { tenant, id };
    };
    const position = async (): Promise<number | undefined> => {
      const job = current && (await this.store.find(current));
      return job && this.store.position(job);
    };
    const stream = this.events(place, signal, onTurn);
    return { ended: false, stream: withQuiet(stream, { ...quiet, clock: this.time, position }) };
  }

  private async *events(
    { session, after }: SessionPlace,
    signal: AbortSignalLike,
    onTurn: (turn: SessionTurn) => void,
  ): AsyncGenerator<readonly SessionEvent[]> {
    for await (const turn of this.turnsOf.follow(session, Math.max(0, after.turn - 1), signal)) {
      onTurn(turn);
      const from = turn.number === after.turn ? after.event : 0;
      let isKnown = from > 0;
      for await (const events of this.log.follow({ tenant: session.tenant, id: turn.job }, from, signal)) {
        isKnown = true;
        yield events.map((event) => sessionEvent(turn, event));
      }
      if (signal.aborted) return;
      if (!isKnown) yield [forgottenTurn(turn, this.time.now())];
    }
  }

  private async pageOfTurn(
    { tenant }: SessionRef,
    turn: SessionTurn,
    after: number,
    limit: number,
  ): Promise<SessionEventPage> {
    const events: SessionEvent[] = [];
    for (let last = after; events.length < limit;) {
      const page = await this.jobs.read({ tenant, id: turn.job }, last, limit - events.length);
      events.push(...page.events.map((event) => sessionEvent(turn, event)));
      last = page.events.at(-1)?.id ?? last;
      if (page.complete)
        return { events: last === 0 ? [forgottenTurn(turn, this.time.now())] : events, complete: true };
      if (page.events.length === 0) break;
    }
    return { events, complete: false };
  }

  /** `event_id.invalid` if there was no such event. Event 0 of a turn is the place before its first one. */
  private async requirePlace({ session, after, path }: SessionPlace): Promise<void> {
    const { turn, event } = after;
    const [found] = (await this.turns(session, Math.max(0, turn - 1), 1)).turns;
    if (turn === 0 && event === 0) return;
    if (found?.number === turn && (event === 0 || (await this.has(session, found, event)))) return;
    throw badPosition(
      path,
      `must be the id of an event of this session: it has none with the id ${formatPosition(after)}`,
    );
  }

  private async has({ tenant }: SessionRef, { job: id }: SessionTurn, event: number): Promise<boolean> {
    const { events, complete } = await this.jobs.read({ tenant, id }, event - 1, 1);
    // The first one of a turn that is forgotten is the gap itself.
    return events.length > 0 || (event === 1 && complete);
  }
}
