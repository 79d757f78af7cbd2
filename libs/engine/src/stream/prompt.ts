import { randomUUID } from 'node:crypto';

/**
 * A job's prompt as the texts of one message. One that begins with a slash is a command to Claude Code where it is the last
 * text: so its first word goes before the rest, and one without a rest gets a space before it.
 */
export function asPrompt(text: string): readonly string[] {
  const [, word, rest] = /^(\/\S*)(\s[^]*)$/.exec(text) ?? [];
  if (word !== undefined && rest !== undefined && rest.trim() !== '') return [word, rest];
  return [text.startsWith('/') ? ` ${text}` : text];
}

/** A user message as Claude Code reads it. Each has an id of its own: one seen before would be dropped silently. */
export function userMessage(texts: readonly string[]): object {
  return message(texts.map((text) => ({ type: 'text', text })));
}

/** A message that begins no turn: Claude Code says by it what it would offer, asks the model nothing, and forgets it. */
export function emptyMessage(): object {
  return { ...message([]), shouldQuery: false };
}

function message(content: readonly object[]): object {
  return { type: 'user', message: { role: 'user', content }, parent_tool_use_id: null, uuid: randomUUID() };
}
