import type { Job, JobFilter } from '@remuda/client';
import { useEffect, useState, type ReactNode } from 'react';
import { usePolled } from '../api/use-polled.js';
import { ago, dollars, duration } from '../shell/amounts.js';
import { goTo } from '../shell/browser-state.js';
import { useNow } from '../shell/clock.js';
import { hrefOfJob, hrefOfJobs, type JobsQuery } from '../shell/route.js';
import { Empty, Loaded } from '../shell/states.js';
import { StateBadge } from '../shell/state-badge.js';
import { titleOfJob, tookOf } from './job-words.js';

const states = ['', 'queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled'] as const;
const pageSize = 25;
const everyMs = 2_000;

/** All jobs, newest first, with filters that are part of the address. */
export function JobsPage({ query }: { readonly query: JobsQuery }): ReactNode {
  const filter: JobFilter = { ...query, limit: pageSize };
  const page = usePolled(JSON.stringify(filter), (client) => client.jobs(filter), everyMs);
  return (
    <>
      <h1>Jobs</h1>
      <Filters query={query} />
      <Loaded of={page}>
        {({ jobs, nextCursor, incomplete }) => (
          <>
            {incomplete && <p className="hint">The history cannot be asked just now: older jobs are missing.</p>}
            {jobs.length === 0 ? <NoJobs query={query} /> : <JobList jobs={jobs} />}
            <Pages query={query} nextCursor={nextCursor} />
          </>
        )}
      </Loaded>
    </>
  );
}

function Filters({ query }: { readonly query: JobsQuery }): ReactNode {
  const { cursor: _cursor, ...filters } = query;
  return (
    <div className="filters">
      <nav className="chips" aria-label="State">
        {states.map((state) => (
          <a
            key={state}
            className="chip"
            href={hrefOfJobs({ ...filters, state })}
            aria-current={(query.state ?? '') === state ? 'true' : undefined}
          >
            {state === '' ? 'all' : state}
          </a>
        ))}
      </nav>
      <Search key={JSON.stringify(filters)} query={filters} />
    </div>
  );
}

const searches = [
  { name: 'profile', label: 'Profile', placeholder: 'profile' },
  { name: 'label', label: 'Label, as name:value', placeholder: 'label:value' },
  { name: 'q', label: 'Words of the prompt or the result of jobs that are over', placeholder: 'words…' },
] as const;

function Search({ query }: { readonly query: JobsQuery }): ReactNode {
  const [typed, setTyped] = useState(query);
  return (
    <form
      className="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        goTo(hrefOfJobs(typed));
      }}
    >
      {searches.map(({ name, label, placeholder }) => (
        <input
          key={name}
          type="search"
          aria-label={label}
          title={label}
          placeholder={placeholder}
          value={typed[name] ?? ''}
          onChange={(event) => setTyped({ ...typed, [name]: event.target.value })}
        />
      ))}
      <button className="button" type="submit">
        Filter
      </button>
    </form>
  );
}

function JobList({ jobs }: { readonly jobs: readonly Job[] }): ReactNode {
  const now = useNow();
  return (
    <ul className="jobs card">
      {jobs.map((job) => (
        <li key={job.id}>
          <JobRow job={job} now={now} />
        </li>
      ))}
    </ul>
  );
}

function JobRow({ job, now }: { readonly job: Job; readonly now: number }): ReactNode {
  const took = tookOf(job, now);
  return (
    <a className="job-row" href={hrefOfJob(job.id)}>
      <StateBadge state={job.state} />
      <span className="job-what">
        <span className="job-title">{titleOfJob(job)}</span>
        <span className="job-more">
          <JobDetails job={job} />
        </span>
      </span>
      <span className="job-took">{took === undefined ? '' : duration(took)}</span>
      <span className="job-cost">{job.costUsd === undefined ? '' : dollars(job.costUsd)}</span>
      <span className="job-ago">{ago(now - Date.parse(job.times.queuedAt))}</span>
    </a>
  );
}

function JobDetails({ job }: { readonly job: Job }): ReactNode {
  return (
    <>
      <span className="mono">{job.id.slice(0, 10)}</span>
      <span>{job.profile}</span>
      {job.queuePosition !== undefined && <span>no. {job.queuePosition} in the queue</span>}
      {Object.entries(job.labels).map(([name, value]) => (
        <span key={name} className="label">
          {name}:{value}
        </span>
      ))}
      {job.failure && job.state !== 'cancelled' && <span className="job-failure">{job.failure.message}</span>}
    </>
  );
}

function NoJobs({ query }: { readonly query: JobsQuery }): ReactNode {
  if (Object.keys(query).length > 0)
    return (
      <Empty title="No job fits">
        <a href={hrefOfJobs()}>All jobs</a>
      </Empty>
    );
  return (
    <Empty title="No jobs yet">
      <p>A job is a prompt that Claude Code works on in a container of its own.</p>
      <a className="button primary" href="#/submit">
        Submit the first one
      </a>
    </Empty>
  );
}

function Pages({
  query,
  nextCursor,
}: {
  readonly query: JobsQuery;
  readonly nextCursor: string | undefined;
}): ReactNode {
  const { cursor, ...filters } = query;
  // A new page of the list begins at its top.
  useEffect(() => {
    window.scrollTo(0, 0);
  }, [cursor]);
  if (cursor === undefined && nextCursor === undefined) return null;
  return (
    <nav className="pages" aria-label="Pages of the list">
      {cursor !== undefined && <a href={hrefOfJobs(filters)}>← Newest</a>}
      {nextCursor !== undefined && <a href={hrefOfJobs({ ...filters, cursor: nextCursor })}>Older →</a>}
    </nav>
  );
}
