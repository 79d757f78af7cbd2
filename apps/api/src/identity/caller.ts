import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Principal } from '@remuda/domain';

const principals = new WeakMap<object, Principal>();

/** Notes who sent a request. */
export function notePrincipal(request: object, principal: Principal): void {
  principals.set(request, principal);
}

/** Who sent a request; undefined if it was not found out. */
export function principalOf(request: object): Principal | undefined {
  return principals.get(request);
}

/** Who sent the request. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext) => callerOf(context));

/** Whose objects the request may touch: the tenant of who sent it. */
export const Tenant = createParamDecorator((_: unknown, context: ExecutionContext) => callerOf(context).tenant);

function callerOf(context: ExecutionContext): Principal {
  const principal = principalOf(context.switchToHttp().getRequest<object>());
  if (!principal) throw new TypeError('A route that asks for its caller needs a token: see @Needs.');
  return principal;
}
