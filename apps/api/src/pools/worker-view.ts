import type { WorkerRecord } from '@remuda/domain';
import type { WorkerView } from '@remuda/protocol';
import { iso } from '../jobs/job-view.js';

/** A worker with its times as ISO 8601, without internal fields. */
export function viewWorker(worker: WorkerRecord): WorkerView {
  const { id, profile, phase, startedAt, readyAt, idleSince, heartbeatAt, job, jobsDone, rssMb } = worker;
  const { claudeVersion, cordoned = false, drainBy, owner, release, engineKind } = worker;
  return {
    id,
    profile,
    phase,
    startedAt: iso(startedAt),
    ...(readyAt === undefined ? {} : { readyAt: iso(readyAt) }),
    ...(idleSince === undefined ? {} : { idleSince: iso(idleSince) }),
    ...(heartbeatAt === undefined ? {} : { heartbeatAt: iso(heartbeatAt) }),
    ...(job === undefined ? {} : { job }),
    jobsDone,
    ...(rssMb === undefined ? {} : { rssMb }),
    ...(claudeVersion === undefined ? {} : { claudeVersion }),
    cordoned,
    ...(drainBy === undefined ? {} : { drainBy: iso(drainBy) }),
    ...(owner === undefined ? {} : { owner }),
    ...(engineKind === undefined ? {} : { engine: engineKind }),
    ...(release === undefined ? {} : { release }),
  };
}
