import type { PushFailure } from '@remuda/domain';

/** Commits are not pushed; the message is a sentence for who submitted the job. */
export class PushRefusal extends Error {
  constructor(
    readonly reason: PushFailure,
    message: string,
  ) {
    super(message);
  }
}
