import type { components } from './schema.js';

type Schemas = components['schemas'];

/** A job as it is submitted: everything except the prompt has a default (docs/api.md). */
export type JobRequest = Schemas['SubmitJob'];
/** An accepted job: its id, and where it and its events are. */
export type AcceptedJob = Schemas['AcceptedJob'];
/** The state of a job and its submitted fields, except the prompt. */
export type Job = Schemas['Job'];
/** A page of jobs, newest first; `nextCursor` leads to the next one. */
export type JobPage = Schemas['JobPage'];
/** The result of a job that is over; of a failed or cancelled one as much as there is, with the reason. */
export type JobResult = Schemas['JobResult'];
/** An event of a job. Ids are numbers that rise by one over all attempts of the job. */
export type JobEvent = Schemas['JobEvent'];
/** A session as it is created: everything has a default (docs/api.md). */
export type SessionRequest = Schemas['CreateSession'];
/** A session: its state, what its turns have in common, and the turn that is under way. */
export type Session = Schemas['Session'];
/** A page of sessions, newest first; `nextCursor` leads to the next one. */
export type SessionPage = Schemas['SessionPage'];
/** A turn as it is sent: everything except the prompt has a default. */
export type TurnRequest = Schemas['SubmitTurn'];
/** An accepted turn: the job that it is. */
export type AcceptedTurn = Schemas['AcceptedTurn'];
/** An event of one of a session's turns. Ids are `<turn>.<event>`, and rise over all turns. */
export type SessionEvent = Schemas['SessionEvent'];
/** A part of what was said in a session. */
export type MessagePage = Schemas['MessagePage'];
/** Something that was said in a session, by the `user` or the `assistant`. */
export type Message = Schemas['Message'];
/** A file of a session: its path and its size. */
export type SessionFile = Schemas['SessionFile'];
/** A part of the list of a session's files; `next` leads to the next one. */
export type SessionFilePage = Schemas['SessionFilePage'];
/** What is known of a conversation that a session has got. */
export type Transcript = Schemas['Transcript'];
/** The files that were kept of a job, by their paths. */
export type Artifacts = Schemas['Artifacts'];
/** A file that was kept of a job: its path, its size, and its SHA-256 digest in hex. */
export type Artifact = Schemas['Artifact'];
/** An archive with which jobs can begin, or as much of one as has arrived. */
export type Upload = Schemas['Upload'];
/** An attempt of a job that ended without success. */
export type EndedAttempt = Schemas['EndedAttempt'];
/** A pool with its workers, what waits, and why. */
export type Pool = Schemas['Pool'];
/** How a tenant stands: its jobs, its limits, and what holds it up. */
export type Tenant = Schemas['Tenant'];
/** A worker. */
export type Worker = Schemas['Worker'];
/** The answer to a refused request, after RFC 9457. */
export type Problem = Schemas['Problem'];
/** What was done about each dead letter that was to be redriven. */
export type RedriveOutcomes = Schemas['RedriveOutcomes'];
