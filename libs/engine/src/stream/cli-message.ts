import { isRecord, parseJson } from '@remuda/protocol';

/** A content block of a message, as far as we read it. */
export interface CliBlock {
  readonly type: string;
  readonly text?: string;
  readonly thinking?: string;
  readonly id?: string;
  readonly name?: string;
  readonly input?: unknown;
  readonly tool_use_id?: string;
  readonly is_error?: boolean;
  readonly content?: unknown;
}

/** One line of Claude Code's output, as far as we read it. */
export interface CliMessage {
  readonly type: string;
  readonly subtype?: string;
  readonly session_id?: string;
  readonly parent_tool_use_id?: string | null;
  /** Of `assistant`: a class of API error; Claude Code itself then wrote the message. */
  readonly error?: string;
  readonly message?: { readonly id?: string; readonly content?: string | readonly CliBlock[] };
  readonly event?: { readonly type: string; readonly delta?: { readonly type: string; readonly text?: string } };
  readonly [field: string]: unknown;
}

/** How Claude Code reports the end of a turn. */
export interface CliResult extends CliMessage {
  readonly is_error?: boolean;
  readonly result?: string;
  readonly errors?: readonly string[];
  readonly api_error_status?: number | null;
  readonly stop_reason?: string | null;
  readonly terminal_reason?: string;
  readonly num_turns?: number;
  readonly total_cost_usd?: number;
  readonly usage?: Readonly<Record<string, unknown>>;
  readonly structured_output?: unknown;
  readonly origin?: unknown;
  readonly permission_denials?: readonly { readonly tool_name?: string; readonly tool_use_id?: string }[];
}

/** Parses a line; undefined if it is not a message. */
export function readMessage(line: string): CliMessage | undefined {
  const value = parseJson(line);
  return isRecord(value) && typeof value['type'] === 'string' ? (value as CliMessage) : undefined;
}

/** The blocks of a message; a plain string is one block. */
export function blocksOf(message: CliMessage): readonly CliBlock[] {
  const content = message.message?.content ?? [];
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

/** The version of Claude Code in an `init`. */
export function versionOf(message: CliMessage): string | undefined {
  const version = message['claude_code_version'];
  return typeof version === 'string' ? version : undefined;
}

/** Whether it ends our turn: the turns that Claude Code begins itself have an `origin`. */
export function isOwnResult(message: CliMessage): message is CliResult {
  return message.type === 'result' && message['origin'] === undefined;
}

/**
 * Whether Claude Code tells the model that its answer was cut off and lets it continue: it does so up to three times
 * per answer (2.1.332; 2.1.197 ends the turn instead).
 */
export function isContinuation(message: CliMessage): boolean {
  if (message.type !== 'user' || message['isSynthetic'] !== true) return false;
  return blocksOf(message).some(({ text = '' }) => text.includes('cut off mid-stream'));
}

/** Whether Claude Code says what becomes of the messages that it gets: 2.1.332 does, 2.1.197 does not. */
export function isReceipt(message: CliMessage): boolean {
  return message.type === 'command_lifecycle';
}

/** Whether it is a message of ours that comes back, which a process does that resumes a session. */
export function isReturned(message: CliMessage): boolean {
  return message.type === 'user' && message['isReplay'] === true;
}

/** The id of a message of ours that Claude Code begins to read, or has read before; undefined for anything else. */
export function readBack(message: CliMessage): string | undefined {
  const isStart = isReceipt(message) && message['state'] === 'started';
  const id = isStart ? message['command_uuid'] : isReturned(message) ? message['uuid'] : undefined;
  return typeof id === 'string' ? id : undefined;
}

/** Whether Claude Code reports that it waits for the next prompt. */
export function isIdle(message: CliMessage): boolean {
  return message.subtype === 'session_state_changed' && message['state'] === 'idle';
}

/** A number of a message, or the default. */
export function numberOf(value: unknown, otherwise = 0): number {
  return typeof value === 'number' ? value : otherwise;
}
