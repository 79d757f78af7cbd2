export { ApiError, ConnectionError } from './api-error.js';
export type { FollowOptions } from './follow.js';
export { RemudaClient } from './remuda-client.js';
export type { ClientOptions, JobFilter, JobOutcome, RunOptions } from './remuda-client.js';
export type { paths } from './schema.js';
export type {
  AcceptedJob,
  EndedAttempt,
  Job,
  JobEvent,
  JobPage,
  JobRequest,
  JobResult,
  Pool,
  Problem,
  RedriveOutcomes,
  Worker,
} from './shapes.js';
