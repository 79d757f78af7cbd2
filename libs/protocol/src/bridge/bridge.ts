import type { ServerTool } from '@remuda/domain';

/** What the bridge and those who reach the model through it agree on. */

/** The placeholder that a warm worker without a job shows as its credential: good for nothing but priming. */
export const idleToken = 'remuda-idle';

/**
 * The header in which a running Claude Code shows its job's token, set live by
 * `apply_flag_settings {env: {ANTHROPIC_CUSTOM_HEADERS: "<header>: <token>"}}`. Measured on 2.1.197: where
 * ANTHROPIC_UNIX_SOCKET is set, Claude Code takes no ANTHROPIC_AUTH_TOKEN and no ANTHROPIC_API_KEY from settings and
 * keeps showing the one of its start; this header it does send, over the socket and over TCP. The bridge prefers it to
 * `x-api-key`, and that to `Authorization: Bearer`.
 */
export const bridgeTokenHeader = 'x-remuda-token';

/** Marks in the bridge's refusals, found again in the error text of the engine or of git. */
export const bridgeRefusal = {
  /** The job's `maxBudgetUsd` is spent. */
  budget: 'remuda.budget_exhausted',
  /** No job stands behind the token, or no longer. */
  ended: 'remuda.token_ended',
  /** Neither the job nor its profile names this model. */
  model: 'remuda.model_not_allowed',
  /** A repository can't be had this time; another time it may. */
  git: 'remuda.git_unavailable',
  /** A request holds a field, a tool, a source or a block that is not passed on. */
  content: 'remuda.content_not_allowed',
} as const;

/**
 * What stands behind a bridge token: the fields of the Redis hash at `bridgeToken(sha256 of the token in hex)`.
 * Written when a job is assigned, deleted with its outcome; expires by itself after the attempt's deadline. Beside these fields it has its
 * format, `v`.
 */
export interface BridgeGrant {
  readonly job: string;
  readonly worker: string;
  readonly lease: number;
  readonly maxBudgetUsd?: number;
  /** Models that may be asked for: names, or aliases of families as Claude Code has them. Absent: any. */
  readonly models?: readonly string[];
  /** What the model's side may do for the job besides answering. Absent: nothing. */
  readonly serverTools?: readonly ServerTool[];
  readonly git?: { readonly url: string; readonly ref?: string; readonly depth?: number };
}

/**
 * Name of the folder with a worker's sockets, in the folder of a bridge's sockets. Not the worker's id itself: the path of a socket
 * has room for little more than a hundred bytes.
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
  /** HTTP: the model API as Claude Code calls it. */
  model: 'model.sock',
  /** One line of JSON `{"v":…,"token":…}`, then git's upload-pack protocol for the job's repository. */
  git: 'git.sock',
  /** HTTP: a job's snapshot, to be kept and to be had again. */
  snapshot: 'snapshot.sock',
  /** Redis, byte for byte, for workers that have no network. */
  redis: 'redis.sock',
} as const;

/** Fields of the Redis hash `model(job)`, kept by the bridge. Times are epoch ms, of the latest attempt. */
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
  /** When the usage limit is lifted that the model refused a request of this attempt with. */
  limitResetAt: 'limitResetAt',
} as const;
