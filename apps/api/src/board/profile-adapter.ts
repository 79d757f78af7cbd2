import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { promptStarts, type Queues } from '@remuda/redis';
import { jobTitle, titleBytes } from './title.js';

type Options = NonNullable<ConstructorParameters<typeof BullMQAdapter>[1]>;
type Jobs = Awaited<ReturnType<BullMQAdapter['getJobs']>>;

/**
 * A profile's queue on the board. A job's title is its id and the first words of its prompt, unless prompts are hidden.
 */
export class ProfileAdapter extends BullMQAdapter {
  private titles: ReadonlyMap<string, string> = new Map();

  constructor(
    private readonly source: Queues,
    profile: string,
    private readonly showsPrompts: boolean,
    options: Partial<Options>,
  ) {
    super(source.jobs(profile), options);
    this.setFormatter('name', ({ id }: { readonly id?: string }) => this.titles.get(id ?? '') ?? jobTitle(id ?? ''));
  }

  override async getJobs(...asked: Parameters<BullMQAdapter['getJobs']>): Promise<Jobs> {
    const jobs = await super.getJobs(...asked);
    await this.name(jobs);
    return jobs;
  }

  override async getJob(id: string): ReturnType<BullMQAdapter['getJob']> {
    const job = await super.getJob(id);
    if (job) await this.name([job]);
    return job;
  }

  private async name(jobs: Jobs): Promise<void> {
    if (!this.showsPrompts) return;
    const ids = jobs.flatMap(({ id }) => (id === undefined ? [] : [id]));
    const starts = await promptStarts(this.source, ids, titleBytes);
    this.titles = new Map(ids.map((id, i) => [id, jobTitle(id, starts[i])]));
  }
}
