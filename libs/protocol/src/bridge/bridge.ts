import type { EgressCredential, PullRequestWish, ServerTool } from '@remuda/domain';

/** The protocol between the bridge and the clients that reach the model through it. */

/** The placeholder credential of a warm worker without a job: only valid for priming. */
export const idleToken = 'remuda-idle';

/** The name of what stays of a grant for the snapshot of a turn that is over: nothing but that snapshot is accepted for it. */
export function keptGrant(hash: string): string {
  return `${hash}.kept`;
}

/**
 * The header in which a running Claude Code sends its job's token, set live by
 * `apply_flag_settings {env: {ANTHROPIC_CUSTOM_HEADERS: "<header>: <token>"}}`. Measured on 2.1.197: with
 * ANTHROPIC_UNIX_SOCKET set, Claude Code ignores ANTHROPIC_AUTH_TOKEN and ANTHROPIC_API_KEY from settings and keeps
 * sending the one of its start; this header it does send, over the socket and over TCP. The bridge prefers it to
 * `x-api-key`, and that to `Authorization: Bearer`.
 */
export const bridgeTokenHeader = 'x-remuda-token';

/** Markers in the bridge's refusals, recognized in the error text of the engine or of git. */
export const bridgeRefusal = {
  /** The job's `maxBudgetUsd` is spent. */
  budget: 'remuda.budget_exhausted',
  /** The token belongs to no job, or no longer. */
  ended: 'remuda.token_ended',
  /** Neither the job nor its profile names this model. */
  model: 'remuda.model_not_allowed',
  /** A repository is temporarily unavailable. */
  git: 'remuda.git_unavailable',
  /** A request contains a field, tool, source or block that is not passed on. */
  content: 'remuda.content_not_allowed',
} as const;

/**
 * The grant of a bridge token: the fields of the Redis hash at `bridgeToken(sha256 of the token in hex)`. Written when
 * a job is assigned, deleted with its outcome; expires after the attempt's deadline. In addition it has its format,
 * `v`.
 */
export interface BridgeGrant {
  readonly job: string;
  readonly worker: string;
  readonly lease: number;
  readonly maxBudgetUsd?: number;
  /** Models that may be requested: names, or aliases of families as in Claude Code. Absent: any. */
  readonly models?: readonly string[];
  /** What the model API may do for the job in addition to answering. Absent: nothing. */
  readonly serverTools?: readonly ServerTool[];
  /** Hosts that the job's tools may reach: entries as `readEgress` reads them. Absent: none. */
  readonly egress?: readonly string[];
  /** Credentials that the bridge adds to requests of the job's tools. Absent: none. */
  readonly credentials?: CredentialGrant;
  readonly git?: { readonly url: string; readonly ref?: string; readonly depth?: number };
  /** Where the job's commits may be pushed, and by which secret of which tenant. Absent: nowhere. */
  readonly push?: PushGrant;
}

/** Credentials for other hosts, and whose secrets they are. */
export interface CredentialGrant {
  readonly tenant: string;
  readonly list: readonly EgressCredential[];
}

/** The right to push the commits of a job's repository to one branch. */
export interface PushGrant {
  readonly branch: string;
  readonly credential: string;
  readonly tenant: string;
  /** The session, or the job of no session, whose pushes go on from each other. Default: the job. */
  readonly owner?: string;
  /** The pull request that is opened afterwards. Absent: none. */
  readonly pullRequest?: PullRequestWish;
}

/**
 * Name of the folder with a worker's sockets, within the bridge's folder of sockets. Not the worker's id itself: the
 * path of a socket is limited to little more than a hundred bytes.
 */
export function socketFolder(worker: string): string {
  // FNV-1a: ids of workers are ours, and random.
  let hash = 0xcbf29ce484222325n;
  for (const character of worker)
    hash = BigInt.asUintN(64, (hash ^ BigInt(character.codePointAt(0) ?? 0)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0').slice(0, 12);
}

/** Whether a name is that of a worker's folder. */
export function isSocketFolder(name: string): boolean {
  return /^[0-9a-f]{12}$/.test(name);
}

/** File names of a worker's sockets in its folder. */
export const bridgeSockets = {
  /** HTTP: the model API as Claude Code uses it. */
  model: 'model.sock',
  /** One line of JSON `{"v":…,"token":…}`, then git's upload-pack protocol for the job's repository. */
  git: 'git.sock',
  /** HTTP: storing and fetching a job's snapshot. */
  snapshot: 'snapshot.sock',
  /** One line of JSON (`egress.ts`), then HTTP as to a proxy: `CONNECT`, or requests with a whole URL. */
  egress: 'egress.sock',
  /** Redis, byte for byte, for workers without a network. */
  redis: 'redis.sock',
} as const;

/** Fields of the Redis hash `model(job)`, written by the bridge. Times are epoch ms, of the latest attempt. */
export const modelCount = {
  requests: 'requests',
  refused: 'refused',
  inputTokens: 'inputTokens',
  outputTokens: 'outputTokens',
  cacheReadTokens: 'cacheReadTokens',
  cacheWriteTokens: 'cacheWriteTokens',
  /** Micro-dollars, over all attempts. */
  costMicroUsd: 'costMicroUsd',
  firstRequestAt: 'firstRequestAt',
  firstTokenAt: 'firstTokenAt',
  /** When the usage limit that a request of this attempt reached is lifted. */
  limitResetAt: 'limitResetAt',
} as const;
