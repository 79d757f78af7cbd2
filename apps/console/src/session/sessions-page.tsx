import type { RemudaClient, Session, SessionPage } from '@remuda/client';
import type { ReactNode } from 'react';
import { usePolled } from '../api/use-polled.js';
import { ago, dollars } from '../shell/amounts.js';
import { useNow } from '../shell/clock.js';
import { hrefOfSession, hrefOfSessions, type SessionsQuery } from '../shell/route.js';
import { Empty, Loaded } from '../shell/states.js';
import { NewSession } from './new-session.js';
import { SessionBadge } from './session-badge.js';
import { titleOfSession, type sessionStates } from './session-words.js';

const states = ['', 'running', 'saving', 'idle', 'hibernated', 'stopped'] as const satisfies readonly (
  '' | keyof typeof sessionStates
)[];
const pageSize = 25;
/** The api's lists know no states of sessions: this many pages are looked through for one. */
const pagesToLookThrough = 10;
const everyMs = 3_000;

/** All sessions, newest first. */
export function SessionsPage({ query }: { readonly query: SessionsQuery }): ReactNode {
  const page = usePolled(JSON.stringify(query), (client) => sessionsOf(client, query), everyMs);
  const { cursor, ...filters } = query;
  return (
    <>
      <div className="page-head">
        <h1>Sessions</h1>
        <NewSession />
      </div>
      <nav className="chips filters" aria-label="State">
        {states.map((state) => (
          <a
            key={state}
            className="chip"
            href={hrefOfSessions({ state })}
            aria-current={(query.state ?? '') === state ? 'true' : undefined}
          >
            {state === '' ? 'all' : state}
          </a>
        ))}
      </nav>
      <Loaded of={page}>
        {({ sessions, nextCursor }) => (
          <>
            {sessions.length === 0 ? <NoSessions isAll={query.state === undefined} /> : <List sessions={sessions} />}
            {(cursor !== undefined || nextCursor !== undefined) && (
              <nav className="pages" aria-label="Pages of the list">
                {cursor !== undefined && <a href={hrefOfSessions(filters)}>← Newest</a>}
                {nextCursor !== undefined && <a href={hrefOfSessions({ ...filters, cursor: nextCursor })}>Older →</a>}
              </nav>
            )}
          </>
        )}
      </Loaded>
    </>
  );
}

async function sessionsOf(client: RemudaClient, { state, cursor }: SessionsQuery): Promise<SessionPage> {
  if (state === undefined) return client.sessions.list({ limit: pageSize, ...(cursor !== undefined && { cursor }) });
  const sessions: Session[] = [];
  let at = cursor;
  for (let pages = 0; pages < pagesToLookThrough; pages++) {
    const page = await client.sessions.list({ limit: 100, ...(at !== undefined && { cursor: at }) });
    sessions.push(...page.sessions.filter((session) => session.state === state));
    at = page.nextCursor;
    if (at === undefined || sessions.length >= pageSize) break;
  }
  return { sessions, ...(at !== undefined && { nextCursor: at }) };
}

function List({ sessions }: { readonly sessions: readonly Session[] }): ReactNode {
  const now = useNow();
  return (
    <ul className="jobs card">
      {sessions.map((session) => (
        <li key={session.id}>
          <Row session={session} now={now} />
        </li>
      ))}
    </ul>
  );
}

function Row({ session, now }: { readonly session: Session; readonly now: number }): ReactNode {
  const { id, state, turns, waiting, profile, labels, costUsd, maxBudgetUsd, changedAt } = session;
  return (
    <a className="job-row" href={hrefOfSession(id)}>
      <SessionBadge state={state} />
      <span className="job-what">
        <span className="job-title">{titleOfSession(session)}</span>
        <span className="job-more">
          <span className="mono">{id.slice(0, 10)}</span>
          <span>{profile}</span>
          {waiting.length > 0 && <span>{waiting.length} waiting</span>}
          {Object.entries(labels).map(([name, value]) => (
            <span key={name} className="label">
              {name}:{value}
            </span>
          ))}
        </span>
      </span>
      <span className="job-took">{turns === 1 ? '1 turn' : `${turns} turns`}</span>
      <span className="job-cost">
        {dollars(costUsd)}
        {maxBudgetUsd !== undefined && ` of ${dollars(maxBudgetUsd)}`}
      </span>
      <span className="job-ago">{ago(now - Date.parse(changedAt))}</span>
    </a>
  );
}

const NoSessions = ({ isAll }: { readonly isAll: boolean }): ReactNode =>
  isAll ? (
    <Empty title="No sessions yet">
      <p>A session is a conversation that keeps its files from turn to turn.</p>
    </Empty>
  ) : (
    <Empty title="No session is in this state">
      <a href={hrefOfSessions()}>All sessions</a>
    </Empty>
  );
