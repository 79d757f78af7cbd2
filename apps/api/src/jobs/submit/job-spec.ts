import { domainToASCII } from 'node:url';
import { readEgress, writeEgressRule } from '@remuda/domain';
import type { GitPush, JobSpec, NewJob, Secrets, ToolRules, Webhook, Workspace } from '@remuda/domain';
import { isRecord } from '@remuda/protocol';
import type { Read } from '../../input/read-dto.js';
import { readDto } from '../../input/read-dto.js';
import { join } from '../../input/plain-json.js';
import { jobFaults, timeOf } from './job-rules.js';
import type { RuleContext } from './job-rules.js';
import { outputSchemaFaults } from '../schema/output-schema.js';
import { SubmitJobDto } from './submit-job.dto.js';

/** A job as requested. */
export type AskedJob = Omit<NewJob, 'id'>;

/** Reads one job of a request's body; `path` is its place there. All its faults are reported at once. */
export async function readJobSpec(body: unknown, context: RuleContext, path = ''): Promise<Read<AskedJob>> {
  const read = readDto(SubmitJobDto, withoutShorthand(body), path);
  if (!('value' in read)) return read;
  const { outputSchema } = read.value;
  const faults = [
    ...jobFaults(read.value, context),
    ...(outputSchema === undefined ? [] : await outputSchemaFaults(outputSchema)),
  ];
  if (faults.length > 0) return { faults: faults.map((fault) => ({ ...fault, path: join(path, fault.path) })) };
  return { value: { ...withSecrets(toSpec(read.value, context.now), read.value.secrets) }, faults: [] };
}

/** Names go into the spec, and values beside it. */
function withSecrets(spec: JobSpec, secrets: SubmitJobDto['secrets'] = []): AskedJob {
  const names = Object.keys(secrets);
  if (names.length === 0) return { spec };
  if (Array.isArray(secrets)) return { spec: { ...spec, namedSecrets: [...new Set(secrets as readonly string[])] } };
  return { spec: { ...spec, secrets: names }, secrets: secrets as Secrets };
}

/** A body in which `workspace` is not the word "empty", but the object that it stands for. */
export function withoutShorthand(body: unknown): unknown {
  return isRecord(body) && body['workspace'] === 'empty' ? { ...body, workspace: { kind: 'empty' } } : body;
}

function toSpec(job: SubmitJobDto, now: number): JobSpec {
  const runAt = startTime(job, now);
  return {
    prompt: job.prompt,
    profile: job.profile,
    ...given('model', job.model),
    ...given('appendSystemPrompt', job.appendSystemPrompt || undefined),
    ...given('maxTurns', job.maxTurns),
    ...given('maxBudgetUsd', job.maxBudgetUsd),
    ...given('tools', job.tools && toolsOf(job.tools)),
    ...given('permissionMode', job.permissionMode),
    ...given('outputSchema', job.outputSchema),
    workspace: workspaceOf(job.workspace),
    priority: job.priority,
    ...given('runAt', runAt),
    ...given('ttlMs', job.ttlMs),
    timeoutMs: job.timeoutMs,
    idleTimeoutMs: job.idleTimeoutMs,
    onLoop: job.onLoop,
    loopAfter: job.loopAfter,
    attempts: job.attempts,
    ...given('onLimit', job.onLimit),
    ...given('onLost', job.onLost),
    deltas: job.deltas,
    ...given('egress', job.egress && readEgress(job.egress, domainToASCII).map(writeEgressRule)),
    ...given('artifacts', job.artifacts?.length === 0 ? undefined : job.artifacts),
    ...given('webhook', job.webhook && webhookOf(job.webhook)),
    ...given('git', job.git && { push: pushOf(job.git.push) }),
    labels: (job.labels ?? {}) as Record<string, string>,
    metadata: job.metadata ?? {},
  };
}

/** When the job may start, if not now. */
function startTime({ delayMs, runAt }: SubmitJobDto, now: number): number | undefined {
  const at = runAt === undefined ? now + (delayMs ?? 0) : timeOf(runAt);
  return at > now ? at : undefined;
}

function toolsOf({ allow, deny }: NonNullable<SubmitJobDto['tools']>): ToolRules {
  return { ...given('allow', allow), ...given('deny', deny) };
}

function webhookOf({ url, events, secret }: NonNullable<SubmitJobDto['webhook']>): Webhook {
  return { url: new URL(url).href, ...given('events', events), ...given('secret', secret) };
}

function pushOf({ branch, credential, uncommitted, pullRequest }: NonNullable<SubmitJobDto['git']>['push']): GitPush {
  const wish = pullRequest && {
    ...given('title', pullRequest.title),
    ...given('body', pullRequest.body),
    ...given('base', pullRequest.base),
    draft: pullRequest.draft,
  };
  return { ...given('branch', branch), credential, uncommitted, ...given('pullRequest', wish) };
}

function workspaceOf(workspace: SubmitJobDto['workspace']): Workspace {
  switch (workspace?.kind) {
    case undefined:
    case 'empty':
      return { kind: 'empty' };
    case 'upload':
      return { kind: 'upload', upload: workspace.upload };
    case 'snapshot':
      return workspace.job === undefined
        ? { kind: 'snapshot', session: workspace.session ?? '' }
        : { kind: 'snapshot', job: workspace.job };
    case 'git':
      break;
  }
  return { kind: 'git', url: workspace.url, ...given('ref', workspace.ref), ...given('depth', workspace.depth) };
}

/** A field that is present only if it has a value. */
function given<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}
