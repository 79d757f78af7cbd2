import type { Session } from '@remuda/client';
import { memo, type ReactNode } from 'react';
import { usePolled } from '../api/use-polled.js';
import type { LiveTurns } from '../api/use-session-turns.js';
import { TimelineRow, useFollowing } from '../job/timeline-view.js';
import { goTo } from '../shell/browser-state.js';
import { hrefOfJob, hrefOfSession } from '../shell/route.js';
import { StateBadge } from '../shell/state-badge.js';
import { Empty, Failed, Loading } from '../shell/states.js';
import { Composer } from './composer.js';
import type { Turn } from './turns.js';
import { useSteering } from './use-steering.js';

interface ConversationProps {
  readonly session: Session;
  readonly live: LiveTurns;
  readonly onSteered: () => void;
}

/** The turns of a session in order, as they happen, and a field for the next one. */
export function Conversation({ session, live, onSteered }: ConversationProps): ReactNode {
  const prompts = usePrompts(session);
  const { turns } = live;
  const going = session.state === 'running';
  const following = useFollowing(
    going,
    turns.reduce((all, { timeline }) => all + timeline.items.length, 0),
  );
  const { fault, busy, steer } = useSteering(onSteered);
  const fork = (turn: number): void =>
    void steer(async (client) => goTo(hrefOfSession((await client.sessions.fork(session.id, turn)).id)));
  if (live.error) return <Failed error={live.error} />;
  return (
    <>
      {turns.length === 0 && (live.live === 'opening' ? <Loading /> : <NoTurns session={session} />)}
      <ol className="turns" aria-label="Turns" aria-busy={going}>
        {turns.map((turn) => (
          <li key={turn.number}>
            <TurnView turn={turn} prompt={prompts.get(turn.number)} />
            {canForkAfter(turn, session, turns) && (
              <p className="turn-end">
                <button className="button quiet" type="button" disabled={busy} onClick={() => fork(turn.number)}>
                  Fork after turn {turn.number}
                </button>
              </p>
            )}
          </li>
        ))}
      </ol>
      {fault !== undefined && (
        <p className="fault" role="alert">
          {fault}
        </p>
      )}
      {going && (
        <p className="going">
          <span className="pulse" aria-hidden="true" />
          {session.waiting.length === 0
            ? 'A turn is under way'
            : `A turn is under way; ${session.waiting.length} after it`}
        </p>
      )}
      {going && !following.on && (
        <button className="button to-end" type="button" onClick={following.toEnd}>
          ↓ Follow
        </button>
      )}
      {session.state === 'stopped' ? (
        <p className="hint">This session is stopped: it takes no more turns.</p>
      ) : (
        <Composer session={session} onSent={onSteered} />
      )}
    </>
  );
}

/** Only of the latest turns the files are kept, and of those that failed none are. */
function canForkAfter({ number, state }: Turn, { state: of, keepTurns }: Session, turns: readonly Turn[]): boolean {
  if (of === 'stopped' || !hasFiles(state)) return false;
  return turns.filter((turn) => turn.number > number && hasFiles(turn.state)).length < keepTurns;
}

const hasFiles = (state: Turn['state']): boolean => state === 'succeeded' || state === 'cancelled';

/** What people have said, by the number of the turn: events do not have it. */
function usePrompts({ id, turns, turn }: Session): ReadonlyMap<number, string> {
  const { data = [] } = usePolled(`${id} ${turns} ${turn ?? ''}`, (client) => client.sessions.messages(id), undefined);
  return new Map(data.filter(({ role }) => role === 'user').map(({ turn: number, text }) => [number, text]));
}

const TurnView = memo(function TurnView({
  turn: { number, job, state, since, timeline },
  prompt,
}: {
  readonly turn: Turn;
  readonly prompt: string | undefined;
}): ReactNode {
  return (
    <section aria-label={`Turn ${number}`}>
      <div className="turn-head">
        <h2>Turn {number}</h2>
        <StateBadge state={state} />
        <a href={hrefOfJob(job)}>its job</a>
      </div>
      {prompt !== undefined && <p className="prompt">{prompt}</p>}
      <ol className="timeline" aria-label={`Timeline of turn ${number}`}>
        {timeline.items.map((item) => (
          <TimelineRow key={item.id} item={item} start={since} />
        ))}
      </ol>
    </section>
  );
});

function NoTurns({ session: { state, waiting } }: { readonly session: Session }): ReactNode {
  if (state === 'stopped') return <Empty title="No event is kept of this session" />;
  return (
    <Empty title={waiting.length === 0 && state !== 'running' ? 'No turns yet' : 'The first turn is on its way'} />
  );
}
