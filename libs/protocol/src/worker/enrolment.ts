import { isId, type ErrorCode } from '@remuda/domain';
import { isRecord, parseJson } from '../reader/json.js';
import { isUnderstood, messageFormats } from '../format.js';

/**
 * How a worker that something else than the scheduler started gets what the scheduler gives to its own: `POST /enrolments` with
 * `Authorization: Bearer` and the token of its pod's service account, and the profile that it is a worker of.
 */

/** The path of the one route. */
export const enrolmentPath = '/enrolments';

/** Whom the token has to be made for. */
export const enrolmentAudience = 'remuda';

/** What a newcomer asks for. It says nothing of its pod: what that is called stands in the token. */
export interface EnrolmentRequest {
  readonly profile: string;
}

/** What it is given. */
export interface EnrolmentAnswer {
  readonly worker: string;
  /** The worker's environment, as the scheduler gives it to those that it starts. */
  readonly env: Readonly<Record<string, string>>;
}

/** The HTTP statuses of what an enrolment is refused with, and with nothing else. */
export const enrolmentStatuses = {
  'enrolment.token_invalid': 401,
  'enrolment.refused': 403,
  'enrolment.spent': 409,
  'enrolment.pool_full': 503,
  'enrolment.elsewhere': 503,
  'enrolment.too_many': 429,
} as const satisfies Partial<Record<ErrorCode, number>>;

/** The body of a request. */
export function writeEnrolmentRequest({ profile }: EnrolmentRequest): string {
  return JSON.stringify({ v: messageFormats.own, profile });
}

/** Reads the body of a request; a sentence where it is none, as for each field that there is not. */
export function readEnrolmentRequest(body: string): EnrolmentRequest | string {
  const parsed = parseJson(body);
  if (!isRecord(parsed)) return 'expected a JSON object';
  const { v, profile, ...unknown } = parsed;
  const [field] = Object.keys(unknown);
  if (field !== undefined) return `no such field: ${JSON.stringify(field.slice(0, 63))}; there are v and profile`;
  if (!isUnderstood(v)) return 'its format (v) is not understood here';
  if (typeof profile !== 'string' || !isId(profile)) return 'expected the name of a profile';
  return { profile };
}

/** The body of an answer. */
export function writeEnrolmentAnswer(answer: EnrolmentAnswer): string {
  return JSON.stringify({ v: messageFormats.own, ...answer });
}

/** Reads the body of an answer; undefined where it is none that is understood. */
export function readEnrolmentAnswer(body: string): EnrolmentAnswer | undefined {
  const parsed = parseJson(body);
  if (!isRecord(parsed) || !isUnderstood(parsed['v'])) return undefined;
  const { worker, env } = parsed;
  if (typeof worker !== 'string' || !isId(worker) || !isRecord(env)) return undefined;
  const texts = Object.entries(env).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  return { worker, env: Object.fromEntries(texts) };
}
