import { Inject, Injectable } from '@nestjs/common';
import { isOver } from '@remuda/domain';
import type { JobEvent, JobRecord, JobRef, JobStore, SessionRef, SessionTurn } from '@remuda/domain';
import type { MessagePageView, MessageView } from '@remuda/protocol';
import { JobEvents } from '../../events/job-events.js';
import { SessionEvents } from '../../events/session/session-events.js';
import { iso } from '../../jobs/job-view.js';
import { jobStore } from '../../stores.js';
import { sayingsIn, type Saying } from './sayings-in.js';

/** Batches of events that are read at once. */
const stride = 1_000;

/** What was said in sessions, from the records and events of their turns: in Redis, or in the history. */
@Injectable()
export class Messages {
  constructor(
    private readonly sessions: SessionEvents,
    private readonly events: JobEvents,
    @Inject(jobStore) private readonly store: JobStore,
  ) {}

  /** What was said in up to `limit` turns after the turn `after`; `session.unknown` if there is no such session. */
  async page(session: SessionRef, after: number, limit: number): Promise<MessagePageView> {
    const { turns, complete } = await this.sessions.turns(session, after, limit);
    const messages: MessageView[] = [];
    let next = after;
    let areOver = true;
    for (const turn of turns) {
      const ref = { tenant: session.tenant, id: turn.job };
      const job = await this.store.find(ref);
      areOver &&= job === undefined || isOver(job.state);
      if (areOver) next = turn.number;
      if (job) messages.push(...(await this.ofTurn(turn, job)));
    }
    return { messages, next, complete: complete && areOver };
  }

  private async ofTurn({ number, job: id }: SessionTurn, job: JobRecord): Promise<readonly MessageView[]> {
    const [prompt, answers] = await Promise.all([this.store.prompt(job), this.answers(job)]);
    const said = ({ role, text, at }: Saying): MessageView => ({
      ...{ turn: number, job: id, state: job.state, role, text, at: iso(at) },
    });
    return [
      ...(prompt === undefined ? [] : [said({ role: 'user', text: prompt, at: job.times.queuedAt })]),
      ...answers.map(said),
    ];
  }

  /** Where the events are no longer kept, the result still has the last answer. */
  private async answers(job: JobRecord): Promise<readonly Saying[]> {
    const sayings = sayingsIn(await this.all(job));
    if (sayings.some(({ role }) => role === 'assistant')) return sayings;
    const { text = '' } = (await this.store.result(job)) ?? {};
    const at = job.times.overAt ?? job.times.queuedAt;
    return text === '' ? sayings : [...sayings, { role: 'assistant', text, at }];
  }

  private async all(job: JobRef): Promise<readonly JobEvent[]> {
    const all: JobEvent[] = [];
    for (;;) {
      const { events, complete } = await this.events.read(job, all.at(-1)?.id ?? 0, stride);
      all.push(...events);
      if (complete || events.length === 0) return all;
    }
  }
}
