import { randomUUID } from 'node:crypto';

/** A text that begins with a slash is a command to Claude Code; one space before it makes it a prompt. */
export function asPrompt(text: string): string {
  return text.startsWith('/') ? ` ${text}` : text;
}

/** A user message as Claude Code reads it. Each has an id of its own: one seen before would be dropped silently. */
export function userMessage(text: string): object {
  return message([{ type: 'text', text }]);
}

/** A message that begins no turn: Claude Code says by it what it would offer, asks the model nothing, and forgets it. */
export function emptyMessage(): object {
  return { ...message([]), shouldQuery: false };
}

function message(content: readonly object[]): object {
  return { type: 'user', message: { role: 'user', content }, parent_tool_use_id: null, uuid: randomUUID() };
}
