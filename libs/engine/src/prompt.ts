import { randomUUID } from 'node:crypto';

/** A text that begins with a slash is a command to Claude Code; one space before it makes it a prompt. */
export function asPrompt(text: string): string {
  return text.startsWith('/') ? ` ${text}` : text;
}

/** A user message as Claude Code reads it. Each has an id of its own: one seen before would be dropped silently. */
export function userMessage(text: string): object {
  return {
    type: 'user',
    message: { role: 'user', content: [{ type: 'text', text }] },
    parent_tool_use_id: null,
    uuid: randomUUID(),
  };
}
