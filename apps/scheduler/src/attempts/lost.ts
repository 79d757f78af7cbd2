import type { ContainerExit, Failure } from '@remuda/domain';

/** The failure of a lost worker's job. */
export function lost(reason: string, lastLines: readonly string[] = []): Failure {
  const lines = lastLines.length > 0 ? { lastLines } : {};
  return { code: 'worker.lost', message: `The worker was lost: ${reason}.`, ...lines };
}

/** The failure of the job of a worker that was told to leave and did not. */
export function drained(): Failure {
  return { code: 'worker.drained', message: 'The worker did not leave in time and was removed.' };
}

/** The failure of a job whose container ended on its own. */
export function failureOfExit({ reason, lastLines, outOfMemory }: Omit<ContainerExit, 'worker'>): Failure {
  const failure = lost(reason, lastLines);
  if (!outOfMemory) return failure;
  return { ...failure, code: 'engine.out_of_memory', message: `The worker ran out of memory: ${reason}.` };
}
