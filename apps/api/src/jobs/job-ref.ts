import { defaultTenant, type JobRef } from '@remuda/domain';

/** Identifies a job that a client asks for. All clients belong to one tenant. */
export function refOf(id: string): JobRef {
  return { tenant: defaultTenant, id };
}
