import type { JobEvent } from '@remuda/domain';

/** Something that was said in a turn after its prompt, by whom, and when (epoch ms). */
export interface Saying {
  readonly role: 'user' | 'assistant';
  readonly text: string;
  readonly at: number;
}

/**
 * What was said in a turn after its prompt, of the turn's events in their order: what Claude Code said, and what was said to it meanwhile. An
 * attempt that was repeated from its beginning is not part of the conversation: what was said in it is left out. What was said to several
 * attempts was said once.
 */
export function sayingsIn(events: readonly JobEvent[]): readonly Saying[] {
  const begun = events.findLastIndex(({ type }) => type === 'attempt.restarted');
  const heard = new Set<string>();
  return events.slice(begun + 1).flatMap(({ type, at, data }): readonly Saying[] => {
    if (type === 'message.text' && data.text !== '') return [{ role: 'assistant', text: data.text, at }];
    if (type !== 'turn.steered' || heard.has(data.id)) return [];
    heard.add(data.id);
    return [{ role: 'user', text: data.text, at }];
  });
}
