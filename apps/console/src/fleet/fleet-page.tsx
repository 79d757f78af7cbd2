import type { Pool, Tenant, Worker } from '@remuda/client';
import type { ReactNode } from 'react';
import { usePolled } from '../api/use-polled.js';
import { ago, duration } from '../shell/amounts.js';
import { useNow } from '../shell/clock.js';
import { hrefOfJob, hrefOfJobs } from '../shell/route.js';
import { Empty, Loaded } from '../shell/states.js';
import { reasonsToWait } from './reasons.js';
import { Tenants } from './tenants.js';

const everyMs = 2_000;
const phases = ['busy', 'idle', 'starting', 'draining'] as const;
const phaseWords = { busy: 'busy', idle: 'warm', starting: 'starting', draining: 'draining', gone: 'gone' } as const;

/** Pools, their workers, what waits and why. */
export function FleetPage(): ReactNode {
  const fleet = usePolled(
    'fleet',
    async (client) => {
      const [pools, workers, tenants] = await Promise.all([client.pools(), client.workers(), client.tenants()]);
      return { pools, workers, tenants };
    },
    everyMs,
  );
  return (
    <>
      <h1>Fleet</h1>
      <Loaded of={fleet}>
        {({ pools, workers, tenants }) => <Fleet pools={pools} workers={workers} tenants={tenants} />}
      </Loaded>
    </>
  );
}

function Fleet({
  pools,
  workers,
  tenants,
}: {
  readonly pools: readonly Pool[];
  readonly workers: readonly Worker[];
  readonly tenants: readonly Tenant[];
}): ReactNode {
  if (pools.length === 0)
    return (
      <Empty title="No pools">
        <p>No scheduler has published a profile yet.</p>
      </Empty>
    );
  return (
    <>
      <ul className="pools">
        {pools.map((pool) => (
          <li key={pool.profile} className="card padded">
            <PoolCard pool={pool} />
          </li>
        ))}
      </ul>
      <Tenants tenants={tenants} />
      <h2>Workers</h2>
      {workers.length === 0 ? <Empty title="No workers" /> : <Workers workers={workers} />}
    </>
  );
}

function PoolCard({ pool }: { readonly pool: Pool }): ReactNode {
  const reasons = reasonsToWait(pool);
  const alive = phases.map((phase) => [phase, pool.workers[phase] ?? 0] as const).filter(([, workers]) => workers > 0);
  return (
    <>
      <div className="pool-head">
        <h2>{pool.profile}</h2>
        <span className="hint">
          keeps {pool.warm} warm, at most {pool.max}
          {pool.spare && ', each with a spare process'}
        </span>
      </div>
      <Bar alive={alive} max={pool.max} />
      <dl className="row-facts">
        <Figure name="waiting" value={pool.waiting} href={hrefOfJobs({ profile: pool.profile, state: 'queued' })} />
        <Figure name="delayed" value={pool.delayed} href={hrefOfJobs({ profile: pool.profile, state: 'waiting' })} />
        <Figure name="running" value={pool.running} href={hrefOfJobs({ profile: pool.profile, state: 'running' })} />
      </dl>
      {reasons.map(({ text, bad }) => (
        <p key={text} className={`note ${bad ? 'note-bad' : 'note-warn'}`}>
          {text}
        </p>
      ))}
    </>
  );
}

function Bar({
  alive,
  max,
}: {
  readonly alive: readonly (readonly [(typeof phases)[number], number])[];
  readonly max: number;
}): ReactNode {
  const all = alive.reduce((sum, [, workers]) => sum + workers, 0);
  const slots = alive.flatMap(([phase, workers]) => Array.from({ length: Math.min(workers, 60) }, () => phase));
  const free = Array.from({ length: Math.max(0, Math.min(max, 60) - slots.length) });
  return (
    <>
      <div className="slots" aria-hidden="true">
        {slots.map((phase, at) => (
          <span key={at} className={`slot phase-${phase}`} />
        ))}
        {free.map((_none, at) => (
          <span key={`free ${at}`} className="slot" />
        ))}
      </div>
      <p className="slot-words">
        {all === 0 ? 'no workers' : alive.map(([phase, workers]) => `${workers} ${phaseWords[phase]}`).join(', ')}
      </p>
    </>
  );
}

const Figure = ({
  name,
  value,
  href,
}: {
  readonly name: string;
  readonly value: number;
  readonly href: string;
}): ReactNode => (
  <div>
    <dt>{name}</dt>
    <dd>
      <a href={href}>{value}</a>
    </dd>
  </div>
);

function Workers({ workers }: { readonly workers: readonly Worker[] }): ReactNode {
  const now = useNow();
  return (
    <div className="card table" role="region" aria-label="Workers" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Worker</th>
            <th scope="col">Phase</th>
            <th scope="col">Job</th>
            <th scope="col">Jobs done</th>
            <th scope="col">Memory</th>
            <th scope="col">Age</th>
            <th scope="col">Heartbeat</th>
          </tr>
        </thead>
        <tbody>
          {[...workers]
            .sort((a, b) => a.id.localeCompare(b.id))
            .map((worker) => (
              <WorkerRow key={worker.id} worker={worker} now={now} />
            ))}
        </tbody>
      </table>
    </div>
  );
}

function WorkerRow({ worker, now }: { readonly worker: Worker; readonly now: number }): ReactNode {
  const { id, phase, cordoned, job, rssMb, startedAt, heartbeatAt } = worker;
  return (
    <tr>
      <th scope="row" className="mono">
        {id}
      </th>
      <td>
        <span className={`badge phase-${phase}`}>
          <span className="dot" aria-hidden="true" />
          {phaseWords[phase]}
          {cordoned && ', cordoned'}
        </span>
      </td>
      <td>
        {job !== undefined && (
          <a className="mono" href={hrefOfJob(job)}>
            {job.slice(0, 10)}
          </a>
        )}
      </td>
      <td>{worker.jobsDone}</td>
      <td>{rssMb === undefined ? '' : `${rssMb.toFixed(0)} MiB`}</td>
      <td>{duration(now - Date.parse(startedAt))}</td>
      <td>{heartbeatAt === undefined ? '' : ago(now - Date.parse(heartbeatAt))}</td>
    </tr>
  );
}
