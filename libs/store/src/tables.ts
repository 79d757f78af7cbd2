/** Jobs that are over. JSON is text here: PostgreSQL's own JSON refuses some of what JSON may hold. */
interface Jobs {
  readonly tenant: string;
  readonly id: string;
  readonly state: string;
  readonly profile: string;
  readonly session: string | null;
  /** Which turn of its session it was. */
  readonly turn: number | null;
  /** Each as `name=value`. */
  readonly labels: readonly string[];
  /** Epoch ms, as all times here. */
  readonly queued_at: number;
  readonly over_at: number;
  /** The `JobRecord` as JSON. */
  readonly record: string;
  /** As JSON; null once the contents are no longer kept. */
  readonly prompt: string | null;
  readonly result: string | null;
  readonly attempts: string | null;
}

/** The labels of each job, for lists: `name=value`. */
interface JobLabels {
  readonly tenant: string;
  readonly label: string;
  readonly queued_at: number;
  readonly id: string;
  readonly state: string;
  readonly profile: string;
}

/** Their events, in the batches in which they were written. */
interface JobEvents {
  readonly tenant: string;
  readonly job: string;
  readonly first: number;
  readonly last: number;
  readonly attempt: number;
  readonly events: string;
}

/** What each job has spent, also of jobs that are no longer kept. */
interface Spend {
  readonly tenant: string;
  readonly job: string;
  readonly day: string;
  readonly profile: string;
  readonly labels: readonly string[];
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_read_tokens: number;
  readonly cache_write_tokens: number;
  readonly cost_usd: number;
}

/** Requests that were refused to someone, or steered something. */
interface Audit {
  readonly at: number;
  /** Tells entries of one millisecond apart. */
  readonly id: string;
  readonly kind: string;
  /** Empty if it was not found out. */
  readonly tenant: string;
  readonly request: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly code: string | null;
  readonly address: string | null;
  readonly subject: string | null;
  readonly api_key: string | null;
}

/** The tables as the latest migration leaves them. */
export interface Tables {
  readonly jobs: Jobs;
  readonly job_labels: JobLabels;
  readonly job_events: JobEvents;
  readonly spend: Spend;
  readonly audit: Audit;
}
