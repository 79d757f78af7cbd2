import type { JobRecord, JobResult, JobTimes, WebhookDelivery, WebhookType } from '@remuda/domain';
import type { Dated, IsoTime } from './dated.js';
import type { JobResultView } from './jobs.js';

/** Messages about a job, oldest first. */
export interface DeliveriesView {
  readonly deliveries: readonly DeliveryView[];
}

/** What became of a message so far. */
export type DeliveryView = Dated<WebhookDelivery, 'at' | 'triedAt' | 'nextAt'>;

/** A message that is sent again. */
export interface ReplayView {
  readonly id: string;
}

/** What a message leaves out because it would be too large, in the order in which it does. */
const leftOut = ['git.patch', 'structured', 'text', 'metadata'] as const;

/** The job of a message: its result as `GET /jobs/{id}/result` has it, and what it was submitted with. */
export type WebhookJobView = JobResultView &
  Pick<JobRecord, 'tenant' | 'session' | 'attempt'> &
  Partial<Pick<JobRecord['spec'], 'profile' | 'labels' | 'metadata'>> & {
    readonly times: Dated<JobTimes, keyof JobTimes>;
    /** Left out because the message would be too large: ask the api. */
    readonly omitted?: readonly (typeof leftOut)[number][];
  };

/** The body of a webhook message, in the form of the Standard Webhooks specification. */
export interface WebhookBody {
  readonly type: WebhookType;
  /** When the job ended. */
  readonly timestamp: IsoTime;
  readonly data: WebhookJobView;
}

/** Maximum size of a body, in bytes; more than the 20 KB that the specification advises, so that usual results fit. */
export const maxWebhookBytes = 262_144;

/** The JSON of a message. What makes it too large is left out, and named in `omitted`. Pure. */
export function webhookBody(type: WebhookType, job: JobRecord, result: JobResult | undefined): string {
  const { id, tenant, session, state, attempt, failure, usage, costUsd, spec, times } = job;
  const data: WebhookJobView = {
    ...{ id, tenant, state, profile: spec.profile, attempt },
    ...(session === undefined ? {} : { session }),
    ...(failure === undefined ? {} : { failure }),
    ...result,
    ...(usage === undefined || costUsd === undefined ? {} : { usage, costUsd }),
    ...{ labels: spec.labels, metadata: spec.metadata, times: datesOf(times) },
  };
  const body = { type, timestamp: iso(times.overAt ?? times.queuedAt), data };
  for (let left = 0; left <= leftOut.length; left += 1) {
    const json = JSON.stringify({ ...body, data: without(data, leftOut.slice(0, left)) });
    if (json.length * 3 <= maxWebhookBytes || Buffer.byteLength(json) <= maxWebhookBytes) return json;
  }
  const { labels: _labels, failure: _failure, git: _git, ...least } = without(data, leftOut);
  return JSON.stringify({ ...body, data: least });
}

function without(data: WebhookJobView, parts: readonly (typeof leftOut)[number][]): WebhookJobView {
  const omitted = parts.filter((part) => (part === 'git.patch' ? data.git?.patch : data[part]) !== undefined);
  if (omitted.length === 0) return data;
  const kept = Object.fromEntries(
    Object.entries(data).filter(([name]) => !(omitted as readonly string[]).includes(name)),
  );
  const { patch: _patch, ...git } = data.git ?? {};
  const smaller = omitted.includes('git.patch') ? { git } : {};
  return { ...(kept as unknown as WebhookJobView), ...(smaller as Partial<WebhookJobView>), omitted };
}

function datesOf(times: JobTimes): Dated<JobTimes, keyof JobTimes> {
  const entries = Object.entries(times).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  return Object.fromEntries(entries.map(([name, at]) => [name, iso(at)])) as unknown as Dated<JobTimes, keyof JobTimes>;
}

const iso = (epochMs: number): IsoTime => new Date(epochMs).toISOString();
