import type { EndedAttempt, Job } from '@remuda/client';
import type { ReactNode } from 'react';
import { usePolled } from '../api/use-polled.js';
import { dollars, duration } from '../shell/amounts.js';
import { Empty, Loaded } from '../shell/states.js';

/** The attempts of a job that ended without success: where, when, and why. */
export function Attempts({ job }: { readonly job: Job }): ReactNode {
  const { id, attempt, state } = job;
  const attempts = usePolled(`${id} ${attempt} ${state}`, (client) => client.attempts(id), undefined);
  return (
    <Loaded of={attempts}>
      {(ended) => (ended.length === 0 ? <Empty title="No attempt has failed" /> : <List ended={ended} />)}
    </Loaded>
  );
}

const List = ({ ended }: { readonly ended: readonly EndedAttempt[] }): ReactNode => (
  <ol className="attempts">
    {ended.map((each) => (
      <li key={`${each.attempt} ${each.claimedAt}`} className="card padded">
        <Attempt attempt={each} />
      </li>
    ))}
  </ol>
);

function Attempt({ attempt }: { readonly attempt: EndedAttempt }): ReactNode {
  const { failure, claimedAt, endedAt, lastText } = attempt;
  const lines = failure.lastLines ?? [];
  return (
    <>
      <h2>Attempt {attempt.attempt}</h2>
      <p>
        {failure.message} <code>{failure.code}</code>
      </p>
      <p className="hint">
        <span className="mono">{attempt.worker}</span>, {duration(Date.parse(endedAt) - Date.parse(claimedAt))}, class{' '}
        {attempt.class}
        {attempt.costUsd === undefined ? '' : `, ${dollars(attempt.costUsd)}`}
      </p>
      {lines.length > 0 && <pre tabIndex={0}>{lines.join('\n')}</pre>}
      {lastText !== undefined && <pre tabIndex={0}>{lastText}</pre>}
    </>
  );
}
