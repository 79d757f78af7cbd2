import { RemudaError } from '@remuda/domain';

/** Whether the database cannot be asked, for now. */
export function isAway(error: unknown): boolean {
  return error instanceof RemudaError && (error.code === 'store.unavailable' || error.code === 'store.newer');
}
