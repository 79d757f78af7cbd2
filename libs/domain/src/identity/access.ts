import { RemudaError } from '../errors.js';
import type { Principal } from './principal.js';
import type { Scope } from './scope.js';

/** What a route needs: a scope, any valid token, or nothing. */
export type Need = Scope | 'token' | 'nothing';

/** Why a request is refused, `token.missing` or `token.scope_missing`; undefined if it is allowed. */
export function refuseAccess(need: Need, principal: Principal | undefined): RemudaError | undefined {
  if (need === 'nothing') return undefined;
  if (!principal) return new RemudaError('token.missing', 'This needs a token: Authorization: Bearer <token>.');
  if (need === 'token' || principal.scopes.includes(need)) return undefined;
  return new RemudaError('token.scope_missing', `This needs a token with the scope ${need}.`);
}

/** Who may use what needs this. Throws why they may not. */
export function requireAccess(need: Exclude<Need, 'nothing'>, principal: Principal | undefined): Principal {
  const refusal = refuseAccess(need, principal);
  if (refusal) throw refusal;
  if (!principal) throw new TypeError('Whoever has no token is refused.');
  return principal;
}
