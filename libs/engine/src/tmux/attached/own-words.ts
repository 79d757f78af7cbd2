import { isRecord } from '@remuda/protocol';
import { blocksOf, type CliMessage } from '../../stream/cli-message.js';

/** Whether an entry of a transcript is this prompt, as it was pasted: also where it waited in Claude Code's queue. Pure. */
export function isPrompt(entry: CliMessage, prompt: string): boolean {
  const texts =
    entry.type === 'user'
      ? blocksOf(entry).map(({ text }) => text)
      : entry.type === 'attachment'
        ? [queued(entry)]
        : [];
  return texts.some((text) => text !== undefined && words(text) === words(prompt));
}

/** Whether an entry says that this prompt waits until Claude Code has ended what it does; pure. */
export function isQueued(entry: CliMessage, prompt: string): boolean {
  const content = entry['content'];
  return entry.type === 'queue-operation' && typeof content === 'string' && words(content) === words(prompt);
}

function queued(entry: CliMessage): string | undefined {
  const attachment = entry['attachment'];
  if (!isRecord(attachment) || attachment['type'] !== 'queued_command') return undefined;
  const { prompt } = attachment;
  return typeof prompt === 'string' ? prompt : undefined;
}

/** White space is not always kept as it was pasted. */
const words = (text: string): string => text.replace(/[\s\u2800]+/g, ' ').trim();

/**
 * How an entry ends a turn: the model has stopped of itself, or Claude Code reports that it could not be asked. Undefined if
 * it goes on. Pure.
 */
export function endOf(entry: CliMessage): 'answered' | 'failed' | undefined {
  if (entry.type !== 'assistant' || entry['isSidechain'] === true) return undefined;
  if (entry['isApiErrorMessage'] === true) return 'failed';
  const { stop_reason } = (entry.message ?? {}) as { readonly stop_reason?: unknown };
  if (typeof stop_reason !== 'string' || stop_reason === 'tool_use' || stop_reason === 'pause_turn') return undefined;
  return blocksOf(entry).some(({ type }) => type === 'text') ? 'answered' : undefined;
}
