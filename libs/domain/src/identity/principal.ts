import { defaultTenant } from '../jobs/job.js';
import { scopes, type Scope } from './scope.js';

/** Who sent a request. */
export interface Principal {
  /** The `sub` of a JWT, or the name of an API key. */
  readonly subject: string;
  /** Whose objects it sees: everything else is unknown to it. */
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  /** How it was identified: `open` is anyone, where no tokens are needed. */
  readonly by: 'open' | 'jwt' | 'key';
  /** Id of its API key. */
  readonly key?: string;
  /** When its token ends, epoch ms: its streams end then. */
  readonly expiresAt?: number;
}

/** Anyone, where no tokens are needed. */
export const anyone: Principal = { subject: 'anyone', tenant: defaultTenant, scopes, by: 'open' };
