import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { Queues } from '@remuda/redis';
import { isRecord } from '@remuda/protocol';

type Options = NonNullable<ConstructorParameters<typeof BullMQAdapter>[1]>;
type Counts = Awaited<ReturnType<BullMQAdapter['getJobCounts']>>;

const description = "The assignment that the worker carries out; the job itself is counted in its profile's queue.";

/**
 * A worker's own queue on the board. Its assignment belongs to a job that is counted elsewhere, so it is not counted
 * here.
 */
export class WorkerAdapter extends BullMQAdapter {
  constructor(source: Queues, worker: string, options: Partial<Options>) {
    super(source.worker(worker), { ...options, description });
    // An assignment contains the prompt and the token for the model.
    this.setFormatter('data', withoutSecrets);
  }

  override async getJobCounts(): Promise<Counts> {
    const counts = await super.getJobCounts();
    return Object.fromEntries(Object.keys(counts).map((state) => [state, 0]));
  }
}

/** The view of an assignment on the board. */
function withoutSecrets(ticket: unknown): unknown {
  if (!isRecord(ticket)) return {};
  return { job: ticket['job'], attempt: ticket['attempt'], lease: ticket['lease'] };
}
