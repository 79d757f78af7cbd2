import type { JobSpec, PermissionMode, StartReason } from '../jobs/job.js';
import type { Profile } from './profile.js';

/**
 * The options with which a Claude Code process starts, or before which it starts: a job with other ones needs its own
 * process.
 */
export type LaunchedProfile = Pick<Profile, 'permissionMode' | 'trustRepository'>;

/**
 * Whether a permission mode needs a process started in it. A running process can change its mode, but not to
 * `bypassPermissions` unless it was started so; and one that was started so does not refuse writes in `plan`.
 */
export function needsOwnMode(asked: PermissionMode | undefined, launched: PermissionMode): boolean {
  if (asked === undefined || asked === launched) return false;
  return asked === 'bypassPermissions' || (launched === 'bypassPermissions' && asked === 'plan');
}

/** Why a job needs a process that could not be prepared in advance; undefined if it uses the warm one. */
export function ownProcessReason(
  job: Pick<JobSpec, 'permissionMode' | 'outputSchema' | 'appendSystemPrompt' | 'workspace'>,
  profile: LaunchedProfile,
): Exclude<StartReason, 'no_warm_worker'> | undefined {
  if (needsOwnMode(job.permissionMode, profile.permissionMode)) return 'own_permission_mode';
  if (job.outputSchema) return 'own_schema';
  if (job.appendSystemPrompt !== undefined) return 'own_system_prompt';
  // Its settings are only read at start-up.
  return profile.trustRepository && job.workspace.kind === 'git' ? 'trusted_repository' : undefined;
}
