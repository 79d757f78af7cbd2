import { applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiSecurity } from '@nestjs/swagger';
import type { Need } from '@remuda/domain';

/** What a route needs, and whether it steers something: then each request to it is in the audit log. */
export interface RouteNeed {
  readonly need: Need;
  readonly steers: boolean;
  /** Whether it takes a ticket in place of a token. */
  readonly tickets: boolean;
}

/** Name of the tokens in the OpenAPI document. */
export const tokenScheme = 'token';

/** Declares what a route needs. It stands beside the route, and is read before the request's body is. */
export function Needs(
  need: Need,
  { steers = false, tickets = false }: Partial<Omit<RouteNeed, 'need'>> = {},
): MethodDecorator {
  const secured = need === 'nothing' ? [] : [ApiSecurity(tokenScheme, need === 'token' ? [] : [need])];
  return applyDecorators(RouteConfig({ need, steers, tickets } satisfies RouteNeed), ...secured);
}
