import type { JobEvent } from '@remuda/domain';

/** Something that was said, and when (epoch ms). */
export interface Saying {
  readonly text: string;
  readonly at: number;
}

/**
 * What Claude Code said in a turn, of the turn's events in their order. An attempt that was repeated from its beginning
 * is not part of the conversation: what it said is left out.
 */
export function answersIn(events: readonly JobEvent[]): readonly Saying[] {
  const begun = events.findLastIndex(({ type }) => type === 'attempt.restarted');
  return events
    .slice(begun + 1)
    .flatMap(({ type, at, data }) => (type === 'message.text' && data.text !== '' ? [{ text: data.text, at }] : []));
}
