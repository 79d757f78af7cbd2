import { setTimeout as sleep } from 'node:timers/promises';
import type { ArchiveRules, AuditArchive, Clock, JobArchive, JobRecord } from '@remuda/domain';
import type { EndedJob, EndedJobs, JobEnd } from '@remuda/redis';
import type { Store } from '@remuda/store';
import { archiveGroup, type GroupLog } from './archive-group.js';
import type { AuditMover, AuditRules } from './audit-mover.js';

/** What a projector needs. */
export interface ProjectorParts {
  readonly ends: Pick<EndedJobs, 'announced' | 'search' | 'marked' | 'read' | 'archived' | 'require'>;
  readonly store: Pick<Store, 'opened' | 'lead'>;
  readonly rules: ArchiveRules;
  /** What is moved besides. Default: nothing. */
  readonly audit?: { readonly mover: AuditMover; readonly rules: AuditRules };
  readonly clock: Clock;
  readonly log: GroupLog;
  /** Removes what only the records of these jobs refer to, before they go; may be told of a job again. Default: there is nothing. */
  readonly removeFiles?: (jobs: readonly JobRecord[]) => Promise<void>;
  /** Called with the number of jobs and of events that were archived. */
  readonly onArchived?: (jobs: number, events: number) => void;
}

/** Ends that are read at once, and jobs and bytes of them that are written at once. */
const [mostEnds, mostJobs, mostBytes] = [500, 100, 8_000_000];
/** How long a read waits for an end, in ms: as often other work is looked at. */
const waitMs = 500;
/** Delays, in ms: before another try, and between two searches for ends that were not announced. */
const [againMs, searchEveryMs] = [1_000, 60_000];

/**
 * Moves jobs that are over from Redis into the archive, and the audit log. Of several processes one does it at a time. It may end at any
 * point: what it has not noted as archived is archived once more, which changes nothing.
 */
export class Projector {
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #searchedAt = -Infinity;
  #stopped = false;

  constructor(private readonly parts: ProjectorParts) {}

  /** Begins, and goes on whatever happens to Redis or the database, until `stop`. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { store, ends, log } = this.parts;
    const { signal } = this.#stop;
    for (let said = ''; !signal.aborted;) {
      try {
        await ends.require();
        await store.opened();
        await store.lead(async (archive, audit) => this.#project(archive, audit));
        said = '';
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        if (message !== said && !this.#stopped) log.warn({ err: error }, 'archiving failed and will be tried again');
        said = message;
      }
      await sleep(againMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #project(archive: JobArchive, auditArchive: AuditArchive): Promise<void> {
    const { ends, clock, audit } = this.parts;
    this.#searchedAt = -Infinity;
    audit?.mover.begin();
    await this.#fillGaps(archive);
    while (!this.#stop.signal.aborted) {
      const announced = await ends.announced(mostEnds, waitMs);
      await this.#archive(archive, announced);
      await audit?.mover.move(auditArchive);
      if (announced.length > 0 || clock.monotonic() - this.#searchedAt < searchEveryMs) continue;
      const { ends: found, done } = await ends.search();
      await this.#archive(archive, found);
      if (done) this.#searchedAt = clock.monotonic();
      if (!done) continue;
      await this.#forget(archive);
      await audit?.mover.forget(auditArchive, audit.rules, clock.now());
    }
  }

  /** A place of files that does not answer holds up nothing but this. */
  async #forget(archive: JobArchive): Promise<void> {
    const { rules, clock, log, removeFiles } = this.parts;
    const remove = async (jobs: readonly JobRecord[]): Promise<void> => {
      try {
        await removeFiles?.(jobs);
      } catch (error) {
        throw new FilesStay('', { cause: error });
      }
    };
    try {
      await archive.forget(rules, clock.now(), remove);
    } catch (error) {
      if (!(error instanceof FilesStay)) throw error;
      log.warn({ err: error.cause }, 'jobs stay in the archive until their files can be removed');
    }
  }

  /** What Redis has as archived and the database has not: that is another one, or was restored as it was earlier. */
  async #fillGaps(archive: JobArchive): Promise<void> {
    for (let from: number | undefined = 0; from !== undefined && !this.#stop.signal.aborted;) {
      const { ends, next }: Awaited<ReturnType<EndedJobs['marked']>> = await this.parts.ends.marked(from);
      await this.#archive(archive, await archive.missing(ends));
      from = next;
    }
  }

  async #archive(archive: JobArchive, announced: readonly JobEnd[]): Promise<void> {
    const { ends, log, onArchived } = this.parts;
    for await (const group of this.#groups(announced)) {
      const { kept, bare } = await archiveGroup(archive, group.jobs, log);
      await ends.archived(group.ends, kept);
      const events = kept.filter((job) => !bare.has(job)).flatMap((job) => job.events);
      onArchived?.(
        kept.length,
        events.reduce((sum, { first, last }) => sum + last - first + 1, 0),
      );
    }
  }

  /** The jobs of these ends, as many at once as memory allows. */
  async *#groups(announced: readonly JobEnd[]): AsyncGenerator<{ ends: readonly JobEnd[]; jobs: readonly EndedJob[] }> {
    for (let from = 0; from < announced.length;) {
      const jobs: EndedJob[] = [];
      const first = from;
      for (let bytes = 0; from < announced.length && from - first < mostJobs && bytes < mostBytes;) {
        const some = announced.slice(from, from + 10);
        const read = await Promise.all(some.map(({ id }) => this.parts.ends.read(id)));
        jobs.push(...read.filter((job) => job !== undefined));
        bytes = jobs.reduce((sum, job) => sum + sizeOf(job), 0);
        from += some.length;
      }
      yield { ends: announced.slice(first, from), jobs };
    }
  }
}

/** What jobs that are to be forgotten have left could not be removed. */
class FilesStay extends Error {}

function sizeOf({ prompt, result, events }: EndedJob): number {
  return prompt.length + (result?.text.length ?? 0) + events.reduce((sum, { json }) => sum + json.length, 0);
}
