import type { JobSpec, PermissionMode, ToolRules } from '../jobs/job.js';
import type { PodTemplate } from './pod-template.js';
import type { ServerTool } from './server-tool.js';
import type { FollowDemand } from './warm-target.js';

/** What a pool's workers have in common. Read from the profiles file; see `docs/configuration.md`. */
export interface Profile {
  /** Lower-case letters, digits and dashes, at most 40 characters: it names a queue. */
  readonly name: string;
  /** Container image of the workers; the `process` runtime has no use for it. */
  readonly image: string;
  readonly engine: 'stream';
  /** Model of jobs that name none. */
  readonly model: string;
  /**
   * Models that its jobs may ask for besides their own one and the profile's: names, or aliases as Claude Code has them, for a whole
   * family. Default `haiku`, which Claude Code takes for its helpers.
   */
  readonly models: readonly string[];
  /** What the model's side may do for its jobs besides answering. Default: nothing. */
  readonly serverTools: readonly ServerTool[];
  /** Added to the system prompt of every job of this profile, before the worker is warm. */
  readonly appendSystemPrompt?: string;
  readonly permissionMode: PermissionMode;
  readonly tools: ToolRules;
  /** Whether a repository's own `.claude/settings.json`, hooks and `.mcp.json` are honoured. Default false. */
  readonly trustRepository: boolean;
  readonly pool: PoolTarget;
  readonly resources: Resources;
  readonly recycle: Recycle;
  /** Which networks a container joins besides none: a Docker network's name, or `none` (default). */
  readonly network: string;
  /** What the pods of its workers have besides, with the runtime `kubernetes`. */
  readonly kubernetes?: PodTemplate;
  /** Given where its workers are pods that something else than the scheduler makes, and that enrol there. */
  readonly enrol?: EnrolRules;
}

/** Who may enrol as a worker of a profile, and who scales the pool in. */
export interface EnrolRules {
  /** Names of the service accounts, in the namespace of the workers, whose pods may. */
  readonly serviceAccounts: readonly string[];
  /** What workers above the target do: `stay`, since whoever made them takes them away, or `leave` by themselves. */
  readonly surplus: 'stay' | 'leave';
}

/** How many workers a pool has. */
export interface PoolTarget {
  /** Idle workers kept ready beyond the busy ones; where the pool follows its demand, before anything is known of that. */
  readonly warm: number;
  /** Upper limit of workers of this profile, whatever the queue holds. */
  readonly max: number;
  /** Given where `warm` follows the jobs that come; see `warmTarget`. */
  readonly follow?: FollowDemand;
}

/** Limits of one container. */
export interface Resources {
  readonly cpus: number;
  readonly memoryMb: number;
  readonly pids: number;
  /** Size of the workspace and of the home, each a tmpfs. */
  readonly diskMb: number;
}

/** When a worker is replaced. */
export interface Recycle {
  /** Jobs after which a worker leaves. Default 1: a container serves one job. */
  readonly afterJobs: number;
  /** Age in ms after which an idle worker is replaced. */
  readonly afterMs: number;
  /** Idle time in ms after which workers above the warm target leave. */
  readonly idleMs: number;
  /** Resident memory in MiB above which a worker is replaced once it has nothing to do. Default: none. */
  readonly aboveRssMb?: number;
}

/** What a job may ask of the model's side. */
export interface ModelRights {
  readonly models: readonly string[];
  readonly serverTools: readonly ServerTool[];
}

/** What a job of a profile may ask for: its own model, the profile's and those besides, and what the profile opens. */
export function rightsOf(
  { model, models, serverTools }: Pick<Profile, 'model' | 'models' | 'serverTools'>,
  job: Pick<JobSpec, 'model'>,
): ModelRights {
  return { models: [...new Set([job.model ?? model, model, ...models])], serverTools };
}
