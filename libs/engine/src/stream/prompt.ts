import { randomUUID } from 'node:crypto';

/**
 * A job's prompt as the texts of one message. A last text that begins with a slash is a command to Claude Code: so its
 * first word is sent separately, before the rest, and a single word gets a leading space.
 */
export function asPrompt(text: string): readonly string[] {
  const [, word, rest] = /^(\/\S*)(\s[^]*)$/.exec(text) ?? [];
  if (word !== undefined && rest !== undefined && rest.trim() !== '') return [word, rest];
  return [text.startsWith('/') ? ` ${text}` : text];
}

/** A user message in Claude Code's format. Each has its own id: one seen before would be dropped silently. */
export function userMessage(texts: readonly string[], id?: string): object {
  return message(
    texts.map((text) => ({ type: 'text', text })),
    id,
  );
}

/** A message that begins no turn: it makes Claude Code report its tools, sends no model request, and is forgotten. */
export function emptyMessage(): object {
  return { ...message([]), shouldQuery: false };
}

function message(content: readonly object[], uuid: string = randomUUID()): object {
  return { type: 'user', message: { role: 'user', content }, parent_tool_use_id: null, uuid };
}
