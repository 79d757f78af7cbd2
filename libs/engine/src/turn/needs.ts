import { needsOwnMode, type EngineProfile, type Turn } from '@remuda/domain';
import type { Initial } from '../process/session.js';

/** What kind of process a turn takes: the warm one, one that waits for its own `initialize`, or one started for it. */
export type Need = 'warm' | 'primed' | 'cold';

type Asked = Pick<Turn, 'appendSystemPrompt' | 'outputSchema' | 'permissionMode'>;

/** Decides what a turn needs. */
export function needOf(asked: Asked, profile: EngineProfile): Need {
  if (needsOwnMode(asked.permissionMode, profile.permissionMode)) return 'cold';
  return asked.appendSystemPrompt === undefined && asked.outputSchema === undefined ? 'warm' : 'primed';
}

/** What a process of its own is initialised with for a turn. */
export function initialOf(profile: EngineProfile, turn: Asked): Initial {
  const appendSystemPrompt = joinedPrompt(profile, turn);
  const { outputSchema } = turn;
  return {
    ...(appendSystemPrompt === undefined ? {} : { appendSystemPrompt }),
    ...(outputSchema ? { outputSchema } : {}),
  };
}

/** The profile's addition to the system prompt, and after it the turn's own. */
export function joinedPrompt(profile: EngineProfile, turn: Asked): string | undefined {
  const parts = [profile.appendSystemPrompt, turn.appendSystemPrompt].filter(
    (part) => part !== undefined && part !== '',
  );
  return parts.length === 0 ? undefined : parts.join('\n\n');
}
