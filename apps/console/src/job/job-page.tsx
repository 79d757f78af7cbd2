import type { Job } from '@remuda/client';
import { useCallback, useState, type ReactNode } from 'react';
import { usePolled } from '../api/use-polled.js';
import { useTimeline } from '../api/use-timeline.js';
import { titleOfJob, tookOf } from '../jobs/job-words.js';
import { dollars, duration } from '../shell/amounts.js';
import { useNow } from '../shell/clock.js';
import { hrefOfJob, jobTabs, type JobTab } from '../shell/route.js';
import { Loaded } from '../shell/states.js';
import { isOver, StateBadge } from '../shell/state-badge.js';
import { Attempts } from './attempts.js';
import { Changes } from './changes.js';
import { JobActions } from './job-actions.js';
import { JobFacts } from './job-facts.js';
import { ResultView } from './result-view.js';
import { TimelineView } from './timeline-view.js';

/** How often the record of a job that is not over is read, beside the events that change it. */
const everyMs = 5_000;

/** One job, live. */
export function JobPage({ id, tab }: { readonly id: string; readonly tab: JobTab }): ReactNode {
  const [round, setRound] = useState(0);
  const [over, setOver] = useState(false);
  const record = usePolled(
    id,
    async (client) => {
      const job = await client.job(id);
      setOver(isOver(job.state));
      return job;
    },
    over ? undefined : everyMs,
  );
  const live = useTimeline(id, round, record.again);
  const onSteered = useCallback(() => {
    setRound((last) => last + 1);
    record.again();
  }, [record.again]);
  if (record.data === undefined)
    return (
      <>
        <h1 className="only-read">Job</h1>
        <Loaded of={record}>{() => null}</Loaded>
      </>
    );
  return (
    <Loaded of={record}>
      {(job) => (
        <article className="job-page">
          <JobHead job={job} onSteered={onSteered} />
          <div className="job-columns">
            <div className="job-main">
              <Tabs job={job} tab={tab} />
              <TabOf job={job} tab={tab} live={live} />
            </div>
            <JobFacts job={job} />
          </div>
        </article>
      )}
    </Loaded>
  );
}

function JobHead({ job, onSteered }: { readonly job: Job; readonly onSteered: () => void }): ReactNode {
  return (
    <header className="job-head">
      <p className="crumbs">
        <a href="#/jobs">Jobs</a>
      </p>
      <div className="job-head-row">
        <h1>{titleOfJob(job)}</h1>
        <JobActions job={job} onSteered={onSteered} />
      </div>
      <p className="job-state">
        <span role="status">
          <StateBadge state={job.state} />
        </span>
        <WhyWaiting job={job} />
        <Spent job={job} />
      </p>
      {job.failure && (
        <p className={`fault ${job.state === 'waiting' || !isOver(job.state) ? 'mild' : ''}`}>
          {job.failure.message} <code>{job.failure.code}</code>
        </p>
      )}
    </header>
  );
}

/** What it has taken so far, at a glance. */
function Spent({ job }: { readonly job: Job }): ReactNode {
  const took = tookOf(job, useNow());
  return (
    <>
      {took !== undefined && <span>{duration(took)}</span>}
      {job.costUsd !== undefined && <span>{dollars(job.costUsd)}</span>}
      {job.turns ? <span>{job.turns === 1 ? '1 turn' : `${job.turns} turns`}</span> : null}
    </>
  );
}

function WhyWaiting({ job }: { readonly job: Job }): ReactNode {
  if (job.cancelRequestedAt !== undefined && !isOver(job.state)) return <span>being cancelled</span>;
  if (job.wakeAt !== undefined && !isOver(job.state))
    return <span>waits until {new Date(job.wakeAt).toLocaleTimeString()}</span>;
  if (job.queuePosition !== undefined)
    return (
      <span>
        no. {job.queuePosition} in the queue of {job.profile}
      </span>
    );
  return null;
}

const names: Readonly<Record<JobTab, string>> = {
  timeline: 'Timeline',
  result: 'Result',
  changes: 'Changes',
  attempts: 'Attempts',
};

function Tabs({ job, tab }: { readonly job: Job; readonly tab: JobTab }): ReactNode {
  // Without a repository there are no changes to speak of.
  const shown = jobTabs.filter((each) => each !== 'changes' || job.workspace.kind === 'git');
  return (
    <nav className="tabs" aria-label="Parts of the job">
      {shown.map((each) => (
        <a key={each} href={hrefOfJob(job.id, each)} aria-current={each === tab ? 'page' : undefined}>
          {names[each]}
        </a>
      ))}
    </nav>
  );
}

function TabOf({
  job,
  tab,
  live,
}: {
  readonly job: Job;
  readonly tab: JobTab;
  readonly live: ReturnType<typeof useTimeline>;
}): ReactNode {
  switch (tab) {
    case 'timeline':
      return <TimelineView job={job} live={live} />;
    case 'result':
      return <ResultView job={job} />;
    case 'changes':
      return <Changes job={job} />;
    case 'attempts':
      return <Attempts job={job} />;
  }
}
