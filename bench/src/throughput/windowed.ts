/** Jobs to be submitted one by one, so many under way at once. */
export interface Batch {
  readonly jobs: number;
  readonly atOnce: number;
  readonly promptBytes: number;
}

/** Submits a batch; resolves when all of it was taken. */
export async function windowed(batch: Batch, submit: (prompt: string) => Promise<unknown>): Promise<void> {
  const prompt = 'x'.repeat(batch.promptBytes);
  let left = batch.jobs;
  const goOn = async (): Promise<void> => {
    while (left-- > 0) await submit(prompt);
  };
  await Promise.all(Array.from({ length: batch.atOnce }, goOn));
}
