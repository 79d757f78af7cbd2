import { needsOwnMode, type EngineProfile, type Turn } from '@remuda/domain';
import type { Initial } from '../process/session.js';

/** The kind of process for a turn: the warm one, one that waits for its own `initialize`, or a new one. */
export type Need = 'warm' | 'primed' | 'cold';

type Asked = Pick<Turn, 'appendSystemPrompt' | 'outputSchema' | 'permissionMode'>;

/** Decides what a turn needs. */
export function needOf(asked: Asked, profile: EngineProfile): Need {
  if (needsOwnMode(asked.permissionMode, profile.permissionMode)) return 'cold';
  return asked.appendSystemPrompt === undefined && asked.outputSchema === undefined ? 'warm' : 'primed';
}

/** The `initialize` of a turn's own process. */
export function initialOf(profile: EngineProfile, turn: Asked): Initial {
  const appendSystemPrompt = joinedPrompt(profile, turn);
  const { outputSchema } = turn;
  return {
    ...(appendSystemPrompt === undefined ? {} : { appendSystemPrompt }),
    ...(outputSchema ? { outputSchema } : {}),
  };
}

/** The profile's addition to the system prompt, followed by the turn's own. */
export function joinedPrompt(profile: EngineProfile, turn: Asked): string | undefined {
  const parts = [profile.appendSystemPrompt, turn.appendSystemPrompt].filter(
    (part) => part !== undefined && part !== '',
  );
  return parts.length === 0 ? undefined : parts.join('\n\n');
}
