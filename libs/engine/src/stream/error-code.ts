import type { FailureCode } from '@remuda/domain';
import { bridgeRefusal } from '@remuda/protocol';
import type { CliResult } from './cli-message.js';

/** The text of a result: the answer, or the errors. */
export function textOf(result: CliResult): string {
  return result.result ?? result.errors?.join('\n') ?? '';
}

/**
 * The code of a failed turn, from the most reliable sign to the vaguest. `apiError` is the class that Claude Code
 * named.
 */
export function errorCode(result: CliResult, apiError: string | undefined): FailureCode {
  const text = textOf(result);
  return (
    codeOfSubtype(result.subtype) ??
    codeOfMark(text) ??
    codeOfSession(result.api_error_status, text) ??
    codeOfClass(apiError) ??
    codeOfStatus(result.api_error_status) ??
    codeOfText(text, apiError)
  );
}

function codeOfSubtype(subtype: string | undefined): FailureCode | undefined {
  if (subtype === 'error_max_structured_output_retries') return 'result.schema_mismatch';
  if (subtype === 'error_max_turns') return 'turns.exhausted';
  return subtype === 'error_max_budget_usd' ? 'budget.exhausted' : undefined;
}

/** The bridge's own refusals are in the error's text. */
function codeOfMark(text: string): FailureCode | undefined {
  if (text.includes(bridgeRefusal.budget)) return 'budget.exhausted';
  if (text.includes(bridgeRefusal.ended)) return 'model.authentication';
  const refused = [bridgeRefusal.model, bridgeRefusal.content].some((mark) => text.includes(mark));
  return refused ? 'model.invalid_request' : undefined;
}

/** How the model API, or Claude Code on its behalf, reports an inconsistent conversation. */
const brokenSession = [
  /tool use concurrency/,
  /\borphaned tool_result\b/,
  /\bduplicate tool_use\b/i,
  /`tool_use` ids (were found without|must be unique)/,
  /unexpected `?tool_use_id`?/,
  /`?thinking`? or `?redacted_thinking`? blocks .*cannot be modified/,
  /Invalid `?signature`? in `?thinking`? block/,
];

/** A broken session is Claude Code's fault, not the job's. */
function codeOfSession(status: number | null | undefined, text: string): FailureCode | undefined {
  return status === 400 && brokenSession.some((sign) => sign.test(text)) ? 'engine.session_broken' : undefined;
}

/** Classes that are more specific than the status; the others (`server_error`, `unknown`) are less. */
function codeOfClass(apiError: string | undefined): FailureCode | undefined {
  switch (apiError) {
    case 'authentication_failed':
      return 'model.authentication';
    case 'billing_error':
      return 'model.billing';
    case 'rate_limit':
      return 'model.rate_limited';
    case 'overloaded':
      return 'model.overloaded';
    case 'model_not_found':
    case 'invalid_request':
    case 'max_output_tokens':
      return 'model.invalid_request';
    default:
      return undefined;
  }
}

function codeOfStatus(status: number | null | undefined): FailureCode | undefined {
  if (status === undefined || status === null) return undefined;
  if (status === 401 || status === 403) return 'model.authentication';
  if (status === 402) return 'model.billing';
  if (status === 429) return 'model.rate_limited';
  if (status === 408 || status >= 500) return 'model.overloaded';
  return status >= 400 ? 'model.invalid_request' : undefined;
}

function codeOfText(text: string, apiError: string | undefined): FailureCode {
  if (/overloaded|server error mid-response/i.test(text)) return 'model.overloaded';
  if (/unable to connect|connection|timed out|socket|ECONN/i.test(text)) return 'model.unreachable';
  return apiError === undefined ? 'engine.crashed' : 'model.unreachable';
}
