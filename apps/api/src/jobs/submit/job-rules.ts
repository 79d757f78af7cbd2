import { domainToASCII } from 'node:url';
import {
  branchFault,
  egressFault,
  globFault,
  gitUrlFault,
  protectionOf,
  pushUrlOf,
  readGitUrl,
  refFault,
  secretLimits,
  secretNameFault,
  secretValueFault,
  type Fault,
  webhookUrlFault,
  type GitUrlRules,
  type HostRule,
} from '@remuda/domain';
import { isLargerThan, join } from '../../input/plain-json.js';
import { labelName, limits } from '../limits.js';
import type { SubmitJobDto } from './submit-job.dto.js';

/** Context of the rules. */
export interface RuleContext {
  /** Epoch ms. */
  readonly now: number;
  readonly git: GitUrlRules;
  readonly webhookHosts: readonly HostRule[];
  /** Branches that are never pushed to. */
  readonly protectedBranches: readonly string[];
  readonly keepsSecrets: boolean;
  readonly keepsFiles: boolean;
}

/** The faults of a job beyond the type and range of single fields. */
export function jobFaults(job: SubmitJobDto, context: RuleContext): readonly Fault[] {
  const { now, git, webhookHosts, keepsSecrets, keepsFiles } = context;
  return [
    ...(!/\S/.test(job.prompt) ? [{ path: 'prompt', message: 'must not be white space only' }] : []),
    ...tooLarge('prompt', job.prompt, limits.promptBytes),
    ...tooLarge('appendSystemPrompt', job.appendSystemPrompt, limits.systemPromptBytes),
    ...(job.workspace?.kind === 'git' ? workspaceFaults(job.workspace, git) : []),
    ...(job.workspace?.kind === 'snapshot' ? snapshotFaults(job.workspace) : []),
    ...timeFaults(job, now),
    ...labelFaults(job.labels ?? {}),
    ...secretFaults(job.secrets ?? [], keepsSecrets),
    ...egressFaults(job.egress ?? []),
    ...artifactFaults(job.artifacts ?? [], keepsFiles),
    ...(job.webhook ? webhookFaults(job.webhook, webhookHosts) : []),
    ...(job.git ? pushFaults(job.git.push, job.workspace, context) : []),
    ...(job.metadata && isLargerThan(job.metadata, limits.metadataBytes)
      ? [{ path: 'metadata', message: `must not be larger than ${limits.metadataBytes} bytes` }]
      : []),
  ];
}

/** The time in `runAt`; NaN if it is invalid. */
export function timeOf(runAt: unknown): number {
  if (typeof runAt === 'number') return Number.isSafeInteger(runAt) && runAt >= 0 ? runAt : NaN;
  return typeof runAt === 'string' && isoTime.test(runAt) ? Date.parse(runAt) : NaN;
}

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

function tooLarge(path: string, text: string | undefined, maxBytes: number): Fault[] {
  // A UTF-16 unit takes at most three bytes: most texts need not be counted.
  if (text === undefined || text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return [];
  return [{ path, message: `must not be larger than ${maxBytes} bytes` }];
}

function workspaceFaults({ url, ref }: { url: string; ref?: string }, rules: GitUrlRules): Fault[] {
  const urlFault = gitUrlFault(url, rules);
  const wrongRef = ref === undefined ? undefined : refFault(ref);
  return [
    ...(urlFault === undefined ? [] : [{ path: 'workspace.url', message: urlFault }]),
    ...(wrongRef === undefined ? [] : [{ path: 'workspace.ref', message: wrongRef }]),
  ];
}

function snapshotFaults({ session, job }: { readonly session?: string; readonly job?: string }): Fault[] {
  if (session !== undefined && job !== undefined)
    return [{ path: 'workspace.job', message: 'cannot be combined with session' }];
  return session === undefined && job === undefined
    ? [{ path: 'workspace', message: 'must have a session or a job' }]
    : [];
}

function timeFaults({ delayMs, runAt }: SubmitJobDto, now: number): Fault[] {
  if (runAt === undefined) return [];
  if (delayMs !== undefined) return [{ path: 'runAt', message: 'cannot be combined with delayMs' }];
  const at = timeOf(runAt);
  if (Number.isNaN(at))
    return [{ path: 'runAt', message: 'must be an ISO 8601 time with a time zone, or epoch milliseconds' }];
  return at - now > limits.yearMs ? [{ path: 'runAt', message: 'must be at most a year ahead' }] : [];
}

function labelFaults(labels: Readonly<Record<string, unknown>>): Fault[] {
  const entries = Object.entries(labels);
  if (entries.length > limits.labels)
    return [{ path: 'labels', message: `must not have more than ${limits.labels} entries` }];
  return entries.flatMap(([key, value]) => {
    if (!labelName.test(key))
      return [
        { path: join('labels', key.slice(0, 70)), message: 'must have a name of 1 to 63 letters, digits and . _ / -' },
      ];
    if (typeof value !== 'string' || value.length > limits.labelUnits)
      return [{ path: join('labels', key), message: `must be a string of at most ${limits.labelUnits} characters` }];
    return [];
  });
}

/** Names of the operator's secrets, or values by name. */
function secretFaults(secrets: readonly unknown[] | Readonly<Record<string, unknown>>, keepsSecrets: boolean): Fault[] {
  const entries = Object.entries(secrets);
  if (entries.length > secretLimits.count)
    return [{ path: 'secrets', message: `must not have more than ${secretLimits.count} entries` }];
  if (Array.isArray(secrets))
    return secrets.flatMap((name: unknown, i) => {
      const message = typeof name === 'string' ? secretNameFault(name) : 'must be the name of a secret';
      return message === undefined ? [] : [{ path: `secrets[${i}]`, message }];
    });
  if (entries.length > 0 && !keepsSecrets)
    return [{ path: 'secrets', message: 'must be names: without REMUDA_SECRETS_KEY this api keeps no values' }];
  return entries.flatMap(([name, value]) => {
    const message = secretNameFault(name) ?? secretValueFault(value, (text) => Buffer.byteLength(text));
    return message === undefined ? [] : [{ path: join('secrets', name.slice(0, 70)), message }];
  });
}

function egressFaults(entries: readonly string[]): Fault[] {
  return entries.flatMap((entry, i) => {
    const message = egressFault(entry, domainToASCII);
    return message === undefined ? [] : [{ path: `egress[${i}]`, message }];
  });
}

function artifactFaults(globs: readonly string[], keepsFiles: boolean): Fault[] {
  if (globs.length > 0 && !keepsFiles)
    return [{ path: 'artifacts', message: 'cannot be kept: this api has no REMUDA_BLOBS_URL' }];
  return globs.flatMap((glob, i) => {
    const message = globFault(glob);
    return message === undefined ? [] : [{ path: `artifacts[${i}]`, message }];
  });
}

function webhookFaults({ url, secret }: NonNullable<SubmitJobDto['webhook']>, hosts: readonly HostRule[]): Fault[] {
  const message = webhookUrlFault(URL.canParse(url) ? new URL(url) : undefined, hosts);
  const secretFault = secret === undefined ? undefined : secretNameFault(secret);
  return [
    ...(message === undefined ? [] : [{ path: 'webhook.url', message }]),
    ...(secretFault === undefined ? [] : [{ path: 'webhook.secret', message: secretFault }]),
  ];
}

function pushFaults(
  { branch, pullRequest }: NonNullable<SubmitJobDto['git']>['push'],
  workspace: SubmitJobDto['workspace'],
  { protectedBranches: protectedNames }: RuleContext,
): Fault[] {
  if (workspace?.kind !== 'git') return [{ path: 'git.push', message: 'needs a workspace of the kind git' }];
  const { url, ref } = workspace;
  if (typeof readGitUrl(url) !== 'string' && pushUrlOf(url) === undefined)
    return [{ path: 'git.push', message: 'needs a repository at an https: URL, or one that is fetched by ssh' }];
  const base = pullRequest?.base;
  const baseFault =
    base === undefined
      ? undefined
      : (branchFault(base) ?? (base === branch ? 'must differ from the branch' : undefined));
  const branchMessage =
    branch === undefined
      ? undefined
      : (branchFault(branch) ?? protectionOf(branch, { protectedNames, ...(ref === undefined ? {} : { ref }) }));
  return [
    ...(branchMessage === undefined ? [] : [{ path: 'git.push.branch', message: branchMessage }]),
    ...(baseFault === undefined ? [] : [{ path: 'git.push.pullRequest.base', message: baseFault }]),
  ];
}
