import { refuseAccess, type Principal, type RemudaError } from '@remuda/domain';
import type { RouteNeed } from './needs.js';

/** A route as Fastify found it. */
export interface AskedRoute {
  readonly method: string;
  /** Its declared path, such as `/api/v1/jobs/:id`. */
  readonly url: string;
  /** What `@Needs` said, if its handler has it. */
  readonly config: Partial<RouteNeed>;
}

/** Routes whose handlers are not ours, by the beginning of their path. No page holds anything but its own form. */
const open = /^\/(health\/(live|ready)|api\/docs(-json|-yaml)?(\/.*)?|console\/.*)$/;
const no = { steers: false, tickets: false } as const;
const reads = new Set(['GET', 'HEAD']);

/** What a route needs. One that does not say so is an operator's: the board, the metrics, and whatever was forgotten. */
export function needOf({ method, url, config }: AskedRoute): RouteNeed {
  if (config.need !== undefined) return { ...no, ...config, need: config.need };
  return open.test(url) ? { ...no, need: 'nothing' } : { ...no, need: 'admin', steers: !reads.has(method) };
}

/** Why a principal may not use a route; undefined if it may. */
export function refuseRoute(route: AskedRoute, principal: Principal | undefined): RemudaError | undefined {
  return refuseAccess(needOf(route).need, principal);
}
