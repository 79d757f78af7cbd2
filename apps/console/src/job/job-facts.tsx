import type { Job } from '@remuda/client';
import type { ReactNode } from 'react';
import { tookOf } from '../jobs/job-words.js';
import { count, dollars, duration, moment } from '../shell/amounts.js';
import { useNow } from '../shell/clock.js';

/** The record of a job, as a list of facts. */
export function JobFacts({ job }: { readonly job: Job }): ReactNode {
  const now = useNow();
  const facts = factsOf(job, now).filter((fact) => fact[1] !== undefined);
  return (
    <aside className="facts card" aria-label="Facts">
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </aside>
  );
}

function factsOf(job: Job, now: number): readonly (readonly [string, ReactNode])[] {
  const { times, usage, workspace } = job;
  const took = tookOf(job, now);
  const tokens = usage && usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  return [
    ['Cost', job.costUsd === undefined ? undefined : <strong>{dollars(job.costUsd)}</strong>],
    ['Duration', took === undefined ? undefined : duration(took)],
    ['Waited', waited(times, now)],
    ['Turns', job.turns === 0 ? undefined : job.turns],
    ['Tokens', usage && tokens ? `${count(tokens)} in, ${count(usage.outputTokens)} out` : undefined],
    ['Budget', job.maxBudgetUsd === undefined ? undefined : dollars(job.maxBudgetUsd)],
    ['Profile', job.profile],
    ['Model', job.model],
    ['Start', startOf(job)],
    ['Attempt', job.attempt === 0 ? undefined : `${job.attempt}${job.failures > 0 ? `, ${job.failures} failed` : ''}`],
    ['Worker', job.worker && <span className="mono">{job.worker}</span>],
    ['Repository', workspace.kind === 'git' ? <span className="mono">{workspace.url}</span> : undefined],
    ['Ref', workspace.kind === 'git' ? workspace.ref : undefined],
    ['Labels', labelsOf(job)],
    ['Queued', moment(times.queuedAt)],
    ['Id', <span className="mono">{job.id}</span>],
  ];
}

function waited({ queuedAt, claimedAt, overAt }: Job['times'], now: number): string {
  const until = claimedAt ?? overAt;
  return duration((until === undefined ? now : Date.parse(until)) - Date.parse(queuedAt));
}

const startOf = ({ start }: Job): string | undefined =>
  start && (start.reason === undefined ? start.kind : `${start.kind} (${start.reason.replaceAll('_', ' ')})`);

function labelsOf({ labels }: Job): ReactNode {
  const all = Object.entries(labels);
  if (all.length === 0) return undefined;
  return all.map(([name, value]) => (
    <span key={name} className="label">
      {name}:{value}
    </span>
  ));
}
