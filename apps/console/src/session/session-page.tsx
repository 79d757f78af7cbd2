import type { Session } from '@remuda/client';
import { useState, type ReactNode } from 'react';
import { usePolled } from '../api/use-polled.js';
import { useSessionTurns } from '../api/use-session-turns.js';
import { dollars, moment } from '../shell/amounts.js';
import { hrefOfSession, type SessionTab } from '../shell/route.js';
import { Loaded } from '../shell/states.js';
import { Conversation } from './conversation.js';
import { SessionActions } from './session-actions.js';
import { SessionBadge } from './session-badge.js';
import { SessionFiles } from './session-files.js';
import { sessionStates, titleOfSession } from './session-words.js';

/** How often the record of a session that is not stopped is read, beside the events that change it. */
const everyMs = 5_000;

/** Which part of a session is shown. */
export interface SessionPlace {
  readonly id: string;
  readonly tab: SessionTab;
  /** The file that is read. */
  readonly file: string | undefined;
}

/** One session, live. */
export function SessionPage({ id, tab, file }: SessionPlace): ReactNode {
  const [stopped, setStopped] = useState(false);
  const record = usePolled(
    id,
    async (client) => {
      const session = await client.sessions.get(id);
      setStopped(session.state === 'stopped' && session.turn === undefined);
      return session;
    },
    stopped ? undefined : everyMs,
  );
  const live = useSessionTurns(id, record.again);
  return (
    <>
      {record.data === undefined && <h1 className="only-read">Session</h1>}
      <Loaded of={record}>
        {(session) => (
          <article className="job-page">
            <Head session={session} onSteered={record.again} />
            <div className="job-columns">
              <div className="job-main">
                <nav className="tabs" aria-label="Parts of the session">
                  <a href={hrefOfSession(id)} aria-current={tab === 'turns' ? 'page' : undefined}>
                    Turns
                  </a>
                  <a href={hrefOfSession(id, 'files')} aria-current={tab === 'files' ? 'page' : undefined}>
                    Files
                  </a>
                </nav>
                {tab === 'turns' ? (
                  <Conversation session={session} live={live} onSteered={record.again} />
                ) : (
                  <SessionFiles session={session} file={file} />
                )}
              </div>
              <Facts session={session} />
            </div>
          </article>
        )}
      </Loaded>
    </>
  );
}

function Head({ session, onSteered }: { readonly session: Session; readonly onSteered: () => void }): ReactNode {
  const { state, costUsd, maxBudgetUsd } = session;
  return (
    <header className="job-head">
      <p className="crumbs">
        <a href="#/sessions">Sessions</a>
      </p>
      <div className="job-head-row">
        <h1>{titleOfSession(session)}</h1>
        <SessionActions session={session} onSteered={onSteered} />
      </div>
      <p className="job-state">
        <span role="status">
          <SessionBadge state={state} />
        </span>
        <span>{sessionStates[state]}</span>
        <span>
          {dollars(costUsd)}
          {maxBudgetUsd !== undefined && ` of ${dollars(maxBudgetUsd)}`}
        </span>
      </p>
      {maxBudgetUsd !== undefined && maxBudgetUsd > 0 && (
        <progress className="spent" aria-label="Share of the budget that is spent" max={maxBudgetUsd} value={costUsd} />
      )}
    </header>
  );
}

function Facts({ session }: { readonly session: Session }): ReactNode {
  const { workspace, forkedFrom: fork, waiting, labels } = session;
  const facts: readonly (readonly [string, ReactNode])[] = [
    ['Cost so far', <strong>{dollars(session.costUsd)}</strong>],
    ['Budget', session.maxBudgetUsd === undefined ? undefined : dollars(session.maxBudgetUsd)],
    ['Turns', session.turns],
    ['Waiting', waiting.length === 0 ? undefined : waiting.length],
    ['Profile', session.profile],
    ['Model', session.model],
    ['Worker', session.worker && <span className="mono">{session.worker}</span>],
    ['Repository', workspace.kind === 'git' ? <span className="mono">{workspace.url}</span> : undefined],
    ['Forked from', fork && <a href={hrefOfSession(fork.session)}>{`turn ${fork.turn}`}</a>],
    [
      'Labels',
      Object.keys(labels).length === 0
        ? undefined
        : Object.entries(labels).map(([name, value]) => (
            <span key={name} className="label">
              {name}:{value}
            </span>
          )),
    ],
    ['Created', moment(session.createdAt)],
    ['Id', <span className="mono">{session.id}</span>],
  ];
  return (
    <aside className="facts card" aria-label="Facts">
      <dl>
        {facts
          .filter((fact) => fact[1] !== undefined)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </aside>
  );
}
