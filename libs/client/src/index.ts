export { ApiError, ConnectionError } from './api-error.js';
export type { FollowOptions } from './follow.js';
export { Files } from './files.js';
export type { Archive, UploadOptions } from './send-upload.js';
export { RemudaClient } from './remuda-client.js';
export { Sessions } from './sessions.js';
export type { ClientOptions, JobFilter, JobOutcome, RunOptions } from './remuda-client.js';
export type { paths } from './schema.js';
export type {
  AcceptedJob,
  AcceptedTurn,
  Artifact,
  Artifacts,
  EndedAttempt,
  Job,
  JobEvent,
  JobPage,
  JobRequest,
  JobResult,
  Message,
  MessagePage,
  Pool,
  Problem,
  RedriveOutcomes,
  Session,
  SessionEvent,
  SessionFile,
  SessionFilePage,
  SessionPage,
  SessionRequest,
  Tenant,
  Transcript,
  TurnRequest,
  Upload,
  Worker,
} from './shapes.js';
