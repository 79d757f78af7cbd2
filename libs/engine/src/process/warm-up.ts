import type { Session } from './session.js';

/**
 * Warms up a process. From claim to first request, medians of five on CLI 2.1.197 and 2 cores, the job's credential set
 * in between: 21 ms like this; 42 without setting flags first (the first setting of a process is slow); 28 without the
 * warm-up; 78 without either. `/clear` works as well as the warm-up (measured side by side on a busy machine: 211 and
 * 220 ms, 309 with neither), but the model would see a note of it before the prompt.
 */
export async function makeWarm(session: Session, appendSystemPrompt?: string): Promise<void> {
  await session.initialise(appendSystemPrompt === undefined ? {} : { appendSystemPrompt });
  await session.unset();
  await session.warmUp();
  await session.prime();
}

/** Warms up a process that is not initialised yet as far as possible: 28 ms from claim to first request. */
export async function makePrimed(session: Session): Promise<void> {
  await session.unset();
  await session.prime();
}
