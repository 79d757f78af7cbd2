import { defaultTenant, type JobRef } from '@remuda/domain';

/** Names a job that a client asks for. All clients are of one tenant. */
export function refOf(id: string): JobRef {
  return { tenant: defaultTenant, id };
}
