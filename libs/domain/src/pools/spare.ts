import type { JobSpec, PermissionMode } from '../jobs/job.js';
import type { Profile } from './profile.js';
import { needsOwnMode, ownProcessReason } from './own-process.js';

/** A job that had use for a spare, and what came after it. */
export interface SeenNeed {
  /** The permission mode in which its process starts. */
  readonly permissionMode: PermissionMode;
  /** How long ago the last such job was assigned, in ms. */
  readonly agoMs: number;
  /** Jobs of the pool that were assigned since then. */
  readonly jobsSince: number;
}

/** Why the workers of a pool keep a spare: the last job that had use for it. */
export type PoolSpare = SeenNeed;

/**
 * How long a pool remembers that a job had use for a spare. A spare costs each idle worker 45 % more memory and 2 s of
 * CPU, and saves such a job the half second of a start: it pays off where at least one job in twenty has use for it.
 */
export const spareMemory = { ms: 30 * 60_000, jobs: 20 } as const;

/**
 * Whether the idle workers of a pool keep a spare, and for which permission mode: undefined unless one of the last 20
 * jobs, within the last 30 minutes, had use for it. If several modes are needed, the profile's own comes first, since
 * that spare also serves system prompts and schemas. Pure.
 */
export function spareOf(needs: readonly SeenNeed[], launched: PermissionMode): PoolSpare | undefined {
  const recent = needs.filter(({ agoMs, jobsSince }) => agoMs < spareMemory.ms && jobsSince < spareMemory.jobs);
  const [latest] = recent.toSorted((a, b) => a.jobsSince - b.jobsSince || a.agoMs - b.agoMs);
  return recent.find(({ permissionMode }) => permissionMode === launched) ?? latest;
}

/**
 * The permission mode in which a spare would have to be started for a new session of this job; undefined if the job has
 * no use for one. Pure.
 */
export function spareNeedOf(
  job: Pick<JobSpec, 'permissionMode' | 'outputSchema' | 'appendSystemPrompt' | 'workspace'>,
  profile: Pick<Profile, 'permissionMode' | 'trustRepository' | 'engine'>,
): PermissionMode | undefined {
  if (profile.engine !== 'stream' || ownProcessReason(job, profile) === undefined) return undefined;
  // all processes are restarted in such a workspace
  if (profile.trustRepository && job.workspace.kind !== 'empty') return undefined;
  return needsOwnMode(job.permissionMode, profile.permissionMode) ? job.permissionMode : profile.permissionMode;
}
