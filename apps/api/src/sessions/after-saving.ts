import { setTimeout } from 'node:timers/promises';
import { RemudaError, type SessionRecord, type SessionStore } from '@remuda/domain';

/** How long a request waits for the snapshot of a turn that is over, in ms, and how often it looks. */
const limitMs = 15_000;
const lookMs = 20;

/**
 * The session once the snapshot of its last turn has been taken, or has turned out not to come. Rejects with `session.busy` if that
 * takes long.
 */
export async function afterSaving(
  store: Pick<SessionStore, 'find'>,
  session: SessionRecord,
  waitMs = limitMs,
): Promise<SessionRecord> {
  let seen = session;
  for (let waited = 0; seen.state === 'saving'; waited += lookMs) {
    if (waited >= waitMs)
      throw new RemudaError(
        'session.busy',
        `The snapshot of the last turn, ${seen.saving ?? ''}, is still being taken.`,
      );
    await setTimeout(lookMs);
    seen = (await store.find(seen)) ?? gone(seen);
  }
  return seen;
}

function gone({ id }: SessionRecord): never {
  throw new RemudaError('session.unknown', `There is no session ${JSON.stringify(id)} any more.`);
}
