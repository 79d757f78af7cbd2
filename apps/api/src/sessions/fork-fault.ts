import { RemudaError } from '@remuda/domain';
import type { ForkAnswer, SessionRecord } from '@remuda/domain';

/** Why a session was not forked, for the client; `turn` is the one that it asked for. */
export function forkFault(
  answer: Exclude<ForkAnswer, 'forked'>,
  { id, keepTurns }: Pick<SessionRecord, 'id' | 'keepTurns'>,
  turn: number | undefined,
): RemudaError {
  const asked = String(turn ?? 0);
  switch (answer) {
    case 'empty':
      return new RemudaError(
        'session.no_files',
        'The session cannot be forked yet: no turn of it has left a snapshot.',
      );
    case 'saving':
      return new RemudaError('session.busy', 'The snapshot of the turn from which to fork is still being taken.');
    case 'not_over':
      return new RemudaError('session.cannot_fork', `The session has no turn ${asked} that is over.`);
    case 'gone':
      return new RemudaError(
        'session.cannot_fork',
        `The files of turn ${asked} are kept no longer: the session keeps those of ${String(keepTurns)} (keepTurns).`,
      );
    case 'stopped':
      return new RemudaError('session.stopped', 'The session is stopped, and its files were deleted.');
    case 'unknown':
      return new RemudaError('session.unknown', `There is no session ${JSON.stringify(id)} any more.`);
  }
}
