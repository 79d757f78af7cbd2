import type { EventData, NewEvent } from '@remuda/domain';
import { blocksOf, numberOf, versionOf, type CliBlock, type CliMessage, type CliResult } from './cli-message.js';
import { clip } from './clip.js';

/** Maximum tool output in an event, in bytes. */
const maxOutputBytes = 16 * 1024;

/** Context of the events. */
export interface TranslateAim {
  /** Epoch ms. */
  readonly at: number;
  readonly deltas: boolean;
}

/** Translates a message of Claude Code to our events: none, one or several. Pure. */
export function translate(message: CliMessage, aim: TranslateAim): readonly NewEvent[] {
  switch (message.type) {
    case 'system':
      return systemEvents(message, aim.at);
    case 'stream_event':
      return aim.deltas ? deltaEvents(message, aim.at) : [];
    case 'assistant':
      // Claude Code itself, not the model, writes messages with an error: the turn's end reports it.
      return message.error === undefined
        ? blocksOf(message).flatMap((block) => saidEvents(message, block, aim.at))
        : [];
    case 'user':
      return blocksOf(message).flatMap((block) => returnedEvents(block, aim.at));
    case 'result':
      return deniedEvents(message, aim.at);
    default:
      return [];
  }
}

function systemEvents(message: CliMessage, at: number): readonly NewEvent[] {
  switch (message.subtype) {
    case 'init':
      return [{ type: 'session.started', at, data: sessionOf(message) }];
    case 'api_retry':
      return [{ type: 'model.retried', at, data: retryOf(message) }];
    default:
      return [];
  }
}

function sessionOf(message: CliMessage): EventData['session.started'] {
  const { model, tools } = message;
  const version = versionOf(message);
  return {
    sessionId: message.session_id ?? '',
    model: typeof model === 'string' ? model : '',
    tools: Array.isArray(tools) ? tools.filter((tool) => typeof tool === 'string') : [],
    ...(version === undefined ? {} : { version }),
  };
}

function retryOf(message: CliMessage): { attempt: number; delayMs: number; status?: number; error: string } {
  const status = message['error_status'];
  return {
    attempt: numberOf(message['attempt']),
    delayMs: Math.round(numberOf(message['retry_delay_ms'])),
    ...(typeof status === 'number' ? { status } : {}),
    error: message.error ?? 'unknown',
  };
}

function deltaEvents(message: CliMessage, at: number): readonly NewEvent[] {
  const delta = message.event?.delta;
  const text = isOfSubagent(message) || delta?.type !== 'text_delta' ? undefined : delta.text;
  return text === undefined || text === '' ? [] : [{ type: 'message.delta', at, data: { text } }];
}

function saidEvents(message: CliMessage, block: CliBlock, at: number): readonly NewEvent[] {
  if (block.type === 'tool_use')
    return [
      { type: 'tool.called', at, data: { id: block.id ?? '', name: block.name ?? '', input: block.input ?? {} } },
    ];
  if (isOfSubagent(message)) return [];
  if (block.type === 'text' && block.text) return [{ type: 'message.text', at, data: { text: block.text } }];
  if (block.type === 'thinking' && block.thinking)
    return [{ type: 'message.thinking', at, data: { text: block.thinking } }];
  return [];
}

/** A subagent's text goes to its caller; only its tool calls become events. */
function isOfSubagent(message: CliMessage): boolean {
  return typeof message.parent_tool_use_id === 'string';
}

function returnedEvents(block: CliBlock, at: number): readonly NewEvent[] {
  if (block.type !== 'tool_result') return [];
  const { text, clipped } = clip(outputOf(block.content), maxOutputBytes);
  const data = { id: block.tool_use_id ?? '', ok: block.is_error !== true, output: text };
  return [{ type: 'tool.returned', at, data: clipped ? { ...data, truncated: true } : data }];
}

function outputOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return content === undefined ? '' : JSON.stringify(content);
  return (content as readonly CliBlock[])
    .map((block) => (block.type === 'text' ? (block.text ?? '') : `[${block.type}]`))
    .join('\n');
}

function deniedEvents(result: CliResult, at: number): readonly NewEvent[] {
  return (result.permission_denials ?? []).map((denial) => ({
    type: 'tool.denied',
    at,
    data: { id: denial.tool_use_id ?? '', name: denial.tool_name ?? '' },
  }));
}
