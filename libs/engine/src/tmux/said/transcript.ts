import { isRecord, parseJson } from '@remuda/protocol';
import { blocksOf, readMessage, type CliMessage } from '../../stream/cli-message.js';

/** The caller of a subagent's entries: a transcript does not name the tool call. */
const subagent = 'subagent';

/** Parses a line of a transcript; undefined if it is not an entry. */
export function readEntry(line: string): CliMessage | undefined {
  return readMessage(line);
}

/**
 * What an entry of a transcript is in the words of stream-json: something that the model said, the result of a tool, a
 * retry, or nothing; pure.
 */
export function messageOf(entry: CliMessage): CliMessage | undefined {
  const parent_tool_use_id = entry['isSidechain'] === true ? subagent : null;
  switch (entry.type) {
    case 'assistant':
      return isFiller(entry) ? undefined : { ...entry, parent_tool_use_id, ...errorOf(entry) };
    case 'user':
      return blocksOf(entry).some(({ type }) => type === 'tool_result') || isCutOff(entry)
        ? { ...entry, parent_tool_use_id, ...(isCutOff(entry) ? { isSynthetic: true } : {}) }
        : undefined;
    case 'system':
      return entry.subtype === 'api_error' ? retryOf(entry) : undefined;
    default:
      return undefined;
  }
}

/** What Claude Code itself answers where a session was cut off: the model said nothing. */
function isFiller(entry: CliMessage): boolean {
  const { model } = (entry.message ?? {}) as { readonly model?: unknown };
  return model === '<synthetic>' && entry['isApiErrorMessage'] !== true;
}

/** Claude Code lets the model continue an answer that was cut off. */
function isCutOff(entry: CliMessage): boolean {
  return entry['isMeta'] === true && blocksOf(entry).some(({ text = '' }) => text.includes('cut off mid-stream'));
}

/** Messages that Claude Code itself wrote because the model API refused. */
function errorOf(entry: CliMessage): { readonly error?: string } {
  if (entry['isApiErrorMessage'] !== true) return {};
  return { error: entry.error ?? 'unknown' };
}

function retryOf(entry: CliMessage): CliMessage {
  const error: Readonly<Record<string, unknown>> = isRecord(entry['error']) ? entry['error'] : {};
  return {
    type: 'system',
    subtype: 'api_retry',
    attempt: entry['retryAttempt'],
    retry_delay_ms: entry['retryInMs'],
    error_status: error['status'] ?? null,
    error: error['status'] === 401 ? 'authentication_failed' : 'unknown',
  };
}

/** Whether Claude Code notes that the turn was interrupted, by Escape. */
export function isInterruption(entry: CliMessage): boolean {
  return (
    entry.type === 'user' && blocksOf(entry).some(({ text = '' }) => text.startsWith('[Request interrupted by user'))
  );
}

/** Whether Claude Code notes that its Stop hooks are through: everything of the turn is before it. */
export function isStopSummary(entry: CliMessage): boolean {
  return entry.type === 'system' && entry.subtype === 'stop_hook_summary';
}

/** The hooks of which the engine is told. */
export type HookKind = 'start' | 'submit' | 'stop' | 'failed' | 'asked';

/** One call of a hook, and what Claude Code gave it. */
export interface HookCall {
  readonly kind: HookKind;
  readonly input: Readonly<Record<string, unknown>>;
}

/** Parses a line of the hooks' file: a word, then JSON. Undefined for anything else: a job can write to it. */
export function readHook(line: string): HookCall | undefined {
  const [, kind, json = ''] = /^(start|submit|stop|failed|asked) (.*)$/s.exec(line) ?? [];
  const input = parseJson(json);
  return kind !== undefined && isRecord(input) ? { kind: kind as HookKind, input } : undefined;
}
