/**
 * The commits that were pushed for a session, or for a job that belongs to none, shared by several bridges. Each call rejects with
 * `redis.unavailable` in an outage.
 */
export interface PushedCommits {
  /** Records that a commit is about to be pushed. Safe to call twice. */
  note(owner: string, commit: string): Promise<void>;
  /** Whether it was recorded, in the last 30 days. */
  has(owner: string, commit: string): Promise<boolean>;
}
