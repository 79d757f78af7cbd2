import { createHash, randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import {
  RemudaError,
  steerLimits,
  type Clock,
  type EventLog,
  type JobRef,
  type SessionRecord,
  type SessionStore,
  type SteerAnswer,
} from '@remuda/domain';
import type { SteerView } from '@remuda/protocol';
import { invalid, requireDto } from '../input/read-dto.js';
import { readIdempotency } from '../jobs/submit/idempotency.js';
import { Submission } from '../jobs/submit/submission.js';
import { clock, eventLog, sessionStore } from '../stores.js';
import { SubmitTurnDto } from './session.dto.js';

/** How long a request waits until the worker has handed a message to Claude Code, in ms. */
const waitMs = 2_000;

/** Said to a running turn, now or by an earlier request. */
export interface Steered {
  /** The job that this turn is. */
  readonly id: string;
  readonly repeated: boolean;
  readonly steer: SteerView;
}

/** Says something to the turn of a session that runs. */
@Injectable()
export class SessionSteering {
  constructor(
    @Inject(sessionStore) private readonly store: SessionStore,
    @Inject(eventLog) private readonly log: EventLog,
    @Inject(clock) private readonly time: Clock,
    private readonly submission: Submission,
  ) {}

  /**
   * Says the prompt of a request with `mode: steer`, once per key. Rejects with `session.not_running` if no turn runs, or if it was over
   * before it could be told.
   */
  async say(body: object, session: SessionRecord, key: string | undefined): Promise<Steered> {
    const { prompt } = requireDto(SubmitTurnDto, body);
    const faults = faultsOf(body, prompt);
    if (faults.length > 0) throw invalid(faults);
    const idempotency = await readIdempotency(key, { session: session.id, body });
    this.submission.requireStore();
    const id = idempotency ? idOf(idempotency.key, idempotency.fingerprint) : randomUUID();
    const answer = told(session, await this.store.steer(session, { id, text: prompt }));
    const repeated = answer.kind === 'repeated';
    const job = { tenant: session.tenant, id: answer.job };
    const said = await this.isSaid(job, id, repeated ? 0 : answer.after);
    return { id: answer.job, repeated, steer: { id, said } };
  }

  /** Whether the worker has handed it to Claude Code within the time that a request waits. */
  private async isSaid(job: JobRef, id: string, after: number): Promise<boolean> {
    const limit = new AbortController();
    void this.time.sleep(waitMs, limit.signal).then(
      () => limit.abort(),
      () => undefined,
    );
    try {
      for await (const events of this.log.follow(job, after, limit.signal))
        for (const { type, data } of events) {
          if (type === 'turn.steered' && data.id === id) return true;
          if (type === 'job.over') throw notRunning('The turn was over before this could be said to it.');
        }
      return false;
    } finally {
      limit.abort();
    }
  }
}

/** The same key and body are the same message. */
function idOf(key: string, fingerprint: string): string {
  const hex = createHash('sha256').update(`${key}\n${fingerprint}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

function faultsOf(body: object, prompt: string): { path: string; message: string }[] {
  const others = Object.keys(body).filter((name) => name !== 'prompt' && name !== 'mode');
  const faults = others.map((path) => ({ path, message: 'is not for a prompt that is said to a running turn' }));
  const most = steerLimits.characters;
  if (prompt.length > most)
    faults.push({ path: 'prompt', message: `must have at most ${String(most)} characters with mode: steer` });
  return faults;
}

function told({ id, state }: SessionRecord, answer: SteerAnswer): Extract<SteerAnswer, { readonly job: string }> {
  switch (answer.kind) {
    case 'said':
    case 'repeated':
      return answer;
    case 'idle':
      throw notRunning('No turn of the session runs at this moment.');
    case 'deaf':
      throw new RemudaError(
        'session.cannot_steer',
        'The Claude Code of this profile is driven in a terminal: nothing is said to it during a turn.',
      );
    case 'full':
      throw new RemudaError(
        'session.cannot_steer',
        `Not more than ${String(steerLimits.messages)} messages are said to one turn.`,
      );
    case 'over':
      throw new RemudaError('session.stopped', 'The session takes no more turns: it is stopped.');
    case 'unknown':
      throw new RemudaError('session.unknown', `There is no session ${JSON.stringify(id)} any more; it was ${state}.`);
  }
}

function notRunning(message: string): RemudaError {
  return new RemudaError('session.not_running', `${message} Send it as a turn.`);
}
