import { failureOf, type Assignment } from '@remuda/domain';
import type { WorkerKey } from '@remuda/runtime';

/** The assignment with its secrets; those that cannot be opened are its fault. */
export async function opened(assignment: Assignment, key: WorkerKey | undefined): Promise<Assignment> {
  const { sealedSecrets, job } = assignment;
  if (sealedSecrets === undefined || !key) return assignment;
  try {
    return { ...assignment, secrets: await key.open(sealedSecrets, job) };
  } catch (error) {
    const { code, message } = failureOf(error);
    return { ...assignment, secretsFault: { code, message } };
  }
}
