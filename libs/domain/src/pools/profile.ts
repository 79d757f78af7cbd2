import type { EgressCredential } from '../addresses/egress-credentials.js';
import { narrowEgress, readEgress, writeEgressRule } from '../addresses/egress-rules.js';
import type { JobSpec, PermissionMode, ToolRules } from '../jobs/job.js';
import type { PodTemplate } from './pod-template.js';
import type { ServerTool } from './server-tool.js';
import type { FollowDemand } from './warm-target.js';

/** How Claude Code is driven: a warm stream-json process, or the interactive program in a tmux session. */
export const engineKinds = ['stream', 'tmux'] as const;
export type EngineKind = (typeof engineKinds)[number];

/** What a pool's workers have in common. Read from the profiles file; see `docs/configuration.md`. */
export interface Profile {
  /** Lower-case letters, digits and dashes, at most 40 characters: it names a queue. */
  readonly name: string;
  /** Container image of the workers; the `process` runtime ignores it. */
  readonly image: string;
  readonly engine: EngineKind;
  /** Model of jobs that name none. */
  readonly model: string;
  /**
   * Models that its jobs may use in addition to their own and the profile's: names, or Claude Code's aliases for a
   * whole family. Default `haiku`, which Claude Code uses for its helpers.
   */
  readonly models: readonly string[];
  /** What the model API may do for its jobs in addition to answering. Default: nothing. */
  readonly serverTools: readonly ServerTool[];
  /** Hosts that its jobs may reach through the bridge: `writeEgressRule` of each rule. Default: none. */
  readonly egress: readonly string[];
  /** Credentials that the bridge adds to requests of its jobs to some of these hosts. Default: none. */
  readonly egressCredentials?: readonly EgressCredential[];
  /** Added to the system prompt of every job of this profile, before the worker is warm. */
  readonly appendSystemPrompt?: string;
  readonly permissionMode: PermissionMode;
  readonly tools: ToolRules;
  /** Whether a repository's own `.claude/settings.json`, hooks and `.mcp.json` are honoured. Default false. */
  readonly trustRepository: boolean;
  readonly pool: PoolTarget;
  readonly resources: Resources;
  /** Names of secrets of the operator's that each of its jobs gets. */
  readonly secrets?: readonly string[];
  readonly recycle: Recycle;
  /** Network of the containers: a Docker network's name, or `none` (default). */
  readonly network: string;
  /**
   * Script for Bash that prepares the workspace of each job that begins with files, before its first turn: as the tools' user, with
   * their environment and hosts. A job whose workspace it does not prepare fails. Default: none.
   */
  readonly prepare?: string;
  /**
   * Volume with what package managers have fetched before, laid out as a home: each worker gets a copy of it, and none can
   * write to it. With the runtime `docker` only. Default: none.
   */
  readonly cache?: string;
  /** Additional settings of its workers' pods, with the runtime `kubernetes`. */
  readonly kubernetes?: PodTemplate;
  /** Given if its workers are pods that something else creates, and that enrol with the scheduler. */
  readonly enrol?: EnrolRules;
}

/** Who may enrol as a worker of a profile, and who scales the pool in. */
export interface EnrolRules {
  /** Names of the service accounts, in the workers' namespace, whose pods may enrol. */
  readonly serviceAccounts: readonly string[];
  /** What surplus workers do: `stay`, because their creator removes them, or `leave` on their own. */
  readonly surplus: 'stay' | 'leave';
}

/** How many workers a pool has. */
export interface PoolTarget {
  /** Idle workers kept ready in addition to the busy ones; if the pool follows demand, its initial value. */
  readonly warm: number;
  /** Maximum number of workers of this profile, however long the queue is. */
  readonly max: number;
  /** Given if `warm` follows demand; see `warmTarget`. */
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

/** What a job may use. */
export interface JobRights {
  readonly models: readonly string[];
  readonly serverTools: readonly ServerTool[];
  /** Hosts that it may reach through the bridge, as in its profile. */
  readonly egress: readonly string[];
  /** Credentials for some of them. Absent: none. */
  readonly egressCredentials?: readonly EgressCredential[];
}

/**
 * What a job of a profile may use: its own model, the profile's and its additional ones, the profile's server tools, and
 * of the profile's hosts those that the job names, or all if it names none.
 */
export function rightsOf(
  {
    model,
    models,
    serverTools,
    egress,
    egressCredentials,
  }: Pick<Profile, 'model' | 'models' | 'serverTools' | 'egress' | 'egressCredentials'>,
  job: Pick<JobSpec, 'model' | 'egress'>,
): JobRights {
  const narrowed = job.egress && narrowEgress(readEgress(egress), readEgress(job.egress)).map(writeEgressRule);
  return {
    ...{ models: [...new Set([job.model ?? model, model, ...models])], serverTools, egress: narrowed ?? egress },
    ...(egressCredentials ? { egressCredentials } : {}),
  };
}
