import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { Queues } from '@remuda/redis';
import { isRecord } from '@remuda/protocol';

type Options = NonNullable<ConstructorParameters<typeof BullMQAdapter>[1]>;
type Counts = Awaited<ReturnType<BullMQAdapter['getJobCounts']>>;

const description = "The assignment that the worker carries out; the job itself is counted in its profile's queue.";

/** A worker's own queue on the board. What it holds is an assignment of a job that is counted elsewhere: here nothing is. */
export class WorkerAdapter extends BullMQAdapter {
  constructor(source: Queues, worker: string, options: Partial<Options>) {
    super(source.worker(worker), { ...options, description });
    // An assignment holds the prompt and the token for the model.
    this.setFormatter('data', withoutSecrets);
  }

  override async getJobCounts(): Promise<Counts> {
    const counts = await super.getJobCounts();
    return Object.fromEntries(Object.keys(counts).map((state) => [state, 0]));
  }
}

/** What the board shows of an assignment. */
function withoutSecrets(ticket: unknown): unknown {
  if (!isRecord(ticket)) return {};
  return { job: ticket['job'], attempt: ticket['attempt'], lease: ticket['lease'] };
}
