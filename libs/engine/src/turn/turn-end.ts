import { emptyResult, type FailureCode, type Failure, type JobResult, type TurnEnd, type Usage } from '@remuda/domain';
import { numberOf, type CliResult } from '../stream/cli-message.js';
import { errorCode, textOf } from '../stream/error-code.js';
import type { Loop } from './loop-watch.js';
import type { ResultForm } from '../result/result-form.js';

/** Why we ended a turn ourselves: the first reason wins. */
export type Stop = 'interrupted' | 'turns' | 'authentication' | 'idle' | 'looping' | 'unresponsive';

/** Everything observed of a turn when it was over. */
export interface TurnSeen {
  /** Absent if the process ended without one. */
  readonly result?: CliResult;
  readonly stop?: Stop;
  /** How the process ended, as a sentence, if it did; and the code. */
  readonly exit?: string;
  readonly endCode?: FailureCode;
  readonly lastLines: readonly string[];
  /** The class of API error that Claude Code named last. */
  readonly apiError?: string;
  /** The last text of the model. */
  readonly lastText: string;
  /** The first part of the last answer, if it was cut off and continued: Claude Code's result has only the rest. */
  readonly cutText?: string;
  /** Answers of the model so far. */
  readonly answers: number;
  readonly sessionId?: string;
  /** The process's cost before the turn; it counts over its whole lifetime. */
  readonly costBeforeUsd: number;
  readonly maxTurns?: number;
  /** A turn counts as hung after this long without a sign of life, in ms. */
  readonly idleTimeoutMs?: number;
  /** The loop for which it was ended. */
  readonly loop?: Loop;
  /** How the result was requested, if there is a schema. */
  readonly form?: ResultForm;
  /** The result that the model gave with the result tool, and Claude Code accepted. */
  readonly given?: { readonly output: unknown };
}

/** Decides how a turn ended, from the most reliable sign to the least. */
export function turnEnd(seen: TurnSeen): TurnEnd {
  if (seen.stop !== undefined) return givenEnd(seen, seen.stop) ?? stoppedEnd(seen, seen.stop);
  const { result } = seen;
  if (result === undefined)
    return failed(
      seen,
      seen.endCode ?? 'engine.crashed',
      seen.exit ?? 'Claude Code ended without a result.',
      seen.lastLines,
    );
  if (result.stop_reason === 'refusal')
    return failed(seen, 'model.refused', textOf(result) || 'The model refused to answer.');
  if (result.is_error === true || result.subtype !== 'success')
    return failed(
      seen,
      errorCode(result, seen.apiError),
      textOf(result) || `Claude Code ended the turn with ${result.subtype ?? 'an error'}.`,
    );
  return succeededEnd(seen);
}

/** The same end; notes for a person are in its result, if there is one. */
export function withWarnings(end: TurnEnd, warnings: readonly string[]): TurnEnd {
  const { result } = end;
  if (result === undefined || warnings.length === 0) return end;
  return { ...end, result: { ...result, warnings: [...(result.warnings ?? []), ...warnings] } };
}

/** Whether a result is empty. */
export function isEmpty({ text, structured }: JobResult): boolean {
  return structured === undefined && text.trim() === '';
}

/** A turn that was ended only for its length has succeeded if its result was there before. */
function givenEnd(seen: TurnSeen, stop: Stop): TurnEnd | undefined {
  const { result } = seen;
  if (stop !== 'turns') return undefined;
  if (result?.subtype !== 'success' && seen.given === undefined) return undefined;
  if (result?.subtype === 'success' && (result.is_error === true || result.stop_reason === 'refusal')) return undefined;
  const end = succeededEnd(seen);
  return end.kind === 'succeeded' ? end : undefined;
}

function stoppedEnd(seen: TurnSeen, stop: Stop): TurnEnd {
  switch (stop) {
    case 'interrupted': {
      const result = resultOf(seen);
      return { kind: 'interrupted', ...(result ? { result } : {}) };
    }
    case 'turns':
      return failed(seen, 'turns.exhausted', `The job used up its ${String(seen.maxTurns ?? seen.answers)} turns.`);
    case 'authentication':
      return failed(seen, 'model.authentication', 'The model API refused the credential.');
    case 'idle':
      return failed(
        seen,
        'engine.hung',
        `Claude Code printed nothing and asked the model nothing for ${String(seen.idleTimeoutMs ?? 0)} ms.`,
        seen.lastLines,
      );
    case 'looping':
      return failed(
        seen,
        'job.looping',
        `${seen.loop?.tool ?? 'A tool'} was called ${String(seen.loop?.count ?? 0)} times in a row with the same input.`,
      );
    case 'unresponsive':
      return failed(seen, 'engine.unresponsive', 'Claude Code did not answer in time and was killed.', seen.lastLines);
  }
}

function succeededEnd(seen: TurnSeen): TurnEnd {
  const done = resultOf(seen) ?? emptyResult();
  if (!seen.form) return { kind: 'succeeded', result: done };
  const output = outputOf(seen);
  if (output === undefined) return failed(seen, 'result.schema_mismatch', 'The model gave no structured result.');
  const fault = seen.form.faultOf(output);
  if (fault !== undefined)
    return failed(seen, 'result.schema_mismatch', `The structured result does not fit its schema: ${fault}.`);
  return { kind: 'succeeded', result: done };
}

/** The structured result as the model gave it. */
function outputOf({ result, given }: TurnSeen): unknown {
  return result?.structured_output ?? given?.output;
}

function failed(seen: TurnSeen, code: FailureCode, message: string, lastLines?: readonly string[]): TurnEnd {
  const failure: Failure = { code, message, ...(lastLines && lastLines.length > 0 ? { lastLines } : {}) };
  const result = resultOf(seen);
  return { kind: 'failed', failure, ...(result ? { result } : {}) };
}

/** The result so far; undefined if the model had not answered yet. */
function resultOf(seen: TurnSeen): JobResult | undefined {
  const { result, sessionId } = seen;
  if (result === undefined && seen.answers === 0) return undefined;
  const structured = seen.form?.read(outputOf(seen));
  return {
    text: answerOf(seen, structured),
    ...(structured === undefined ? {} : { structured }),
    turns: seen.answers,
    usage: usageOf(result?.usage),
    costUsd: Math.max(0, numberOf(result?.total_cost_usd, seen.costBeforeUsd) - seen.costBeforeUsd),
    ...(sessionId === undefined ? {} : { sessionId }),
  };
}

/** The last answer; if it is only a structured result, that as JSON, in the job's own form. */
function answerOf(seen: TurnSeen, structured: unknown): string {
  const { result } = seen;
  const last = result?.is_error === true ? seen.lastText : (result?.result ?? seen.lastText);
  const text = `${seen.cutText ?? ''}${last}`;
  const alone = text === '' || text === JSON.stringify(outputOf(seen));
  return structured !== undefined && alone ? JSON.stringify(structured) : text;
}

function usageOf(usage: CliResult['usage']): Usage {
  return {
    inputTokens: numberOf(usage?.['input_tokens']),
    outputTokens: numberOf(usage?.['output_tokens']),
    cacheReadTokens: numberOf(usage?.['cache_read_input_tokens']),
    cacheWriteTokens: numberOf(usage?.['cache_creation_input_tokens']),
  };
}
