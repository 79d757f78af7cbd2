import type { Pool } from '@remuda/client';
import { ill, note, well, type Finding } from './finding.js';

/** What is to be said of a pool: why it does less than it might, or that it is well. Pure. */
export function poolFindings(pool: Pool): readonly Finding[] {
  const { profile, removed, halts, starts, waiting, workers, max, warm } = pool;
  const check = `pool ${profile}`;
  if (removed)
    return waiting === 0 ? [] : [ill(check, `${waiting} jobs wait, and no scheduler has the profile`, lostProfile)];
  const found = [
    ...halts.map(({ kind, reason }) => ill(check, `${kind}: ${reason}`, `remuda resume ${profile}`)),
    ...(starts === undefined ? [ill(check, 'no scheduler looks after it', noScheduler)] : []),
    ...(starts?.failure === undefined
      ? []
      : [ill(check, `${starts.failed} starts in a row failed: ${starts.failure}`, badStarts)]),
    ...(starts?.waits ?? []).map(({ workers: some, message }) => note(check, `${some} workers wait: ${message}`)),
  ];
  const [idle, busy] = [workers['idle'] ?? 0, workers['busy'] ?? 0];
  if (idle === 0 && busy >= max && waiting > 0)
    found.push(note(check, `${waiting} jobs wait: all of its ${max} workers are busy`, `raise "max" of the profile`));
  if (found.length > 0) return found;
  return [well(check, `${idle} idle, ${busy} busy, ${warm} kept warm, at most ${max}; ${waiting} jobs wait`)];
}

const lostProfile = 'put it back into the profiles file, or cancel the jobs: remuda ls --state queued';
const noScheduler = 'start a scheduler whose profiles file has it';
const badStarts = "read the message; the scheduler's log has the rest. A retry comes by itself, or with remuda resume";
