import type { JobSpec, PermissionMode, StartReason } from '../jobs/job.js';
import type { Profile } from './profile.js';

/** What a process of Claude Code is started with, or before what: what a job asks for besides takes one of its own. */
export type LaunchedProfile = Pick<Profile, 'permissionMode' | 'trustRepository'>;

/**
 * Whether a permission mode takes a process that was started in it. One can be put into another mode while it runs, but not into
 * `bypassPermissions` when it was not started so; and one that was started so does not refuse writes in `plan`.
 */
export function needsOwnMode(asked: PermissionMode | undefined, launched: PermissionMode): boolean {
  if (asked === undefined || asked === launched) return false;
  return asked === 'bypassPermissions' || (launched === 'bypassPermissions' && asked === 'plan');
}

/** Why a job takes a process that could not be made ready in advance; undefined where it takes the warm one. */
export function ownProcessReason(
  job: Pick<JobSpec, 'permissionMode' | 'outputSchema' | 'appendSystemPrompt' | 'workspace'>,
  profile: LaunchedProfile,
): Exclude<StartReason, 'no_warm_worker'> | undefined {
  if (needsOwnMode(job.permissionMode, profile.permissionMode)) return 'own_permission_mode';
  if (job.outputSchema) return 'own_schema';
  if (job.appendSystemPrompt !== undefined) return 'own_system_prompt';
  // Its settings are read at the start only.
  return profile.trustRepository && job.workspace.kind === 'git' ? 'trusted_repository' : undefined;
}
