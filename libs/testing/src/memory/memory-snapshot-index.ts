import {
  isHeld,
  isOver,
  type KeptArtifacts,
  type Snapshot,
  type SnapshotIndex,
  type TurnOrigin,
  type WorkspaceSource,
} from '@remuda/domain';
import type { MemoryJobStore } from './memory-job-store.js';

/** The snapshots of a store's jobs. Passes the same contract suite as the real one. */
export class MemorySnapshotIndex implements SnapshotIndex {
  readonly #noted = new Map<string, Snapshot>();
  readonly #artifacts = new Map<string, KeptArtifacts>();

  /** Jobs that are over, and whose sessions wait for their snapshots. */
  awaited: () => readonly string[] = () => [];

  /** The snapshots from which sessions go on. */
  origins: () => readonly TurnOrigin[] = () => [];

  constructor(private readonly store: MemoryJobStore) {}

  async note(job: string, worker: string, snapshot: Snapshot): Promise<{ readonly replaced?: Snapshot } | 'ended'> {
    const record = this.store.read(job)?.job;
    await Promise.resolve();
    const isAwaited = isHeld(record?.state ?? 'queued') || this.awaited().includes(job);
    if (record?.lease !== snapshot.lease || record.worker !== worker || !isAwaited) return 'ended';
    const replaced = this.#noted.get(job);
    this.#noted.set(job, snapshot);
    return replaced ? { replaced } : {};
  }

  async noteArtifacts(
    job: string,
    worker: string,
    artifacts: KeptArtifacts,
  ): Promise<{ readonly replaced?: KeptArtifacts } | 'ended'> {
    const record = this.store.read(job)?.job;
    await Promise.resolve();
    if (record?.lease !== artifacts.lease || record.worker !== worker || !isHeld(record.state)) return 'ended';
    const replaced = this.#artifacts.get(job);
    this.#artifacts.set(job, artifacts);
    return replaced ? { replaced } : {};
  }

  async artifactsOf(jobs: readonly string[]): Promise<ReadonlyMap<string, KeptArtifacts | undefined>> {
    await Promise.resolve();
    const known = jobs.filter((job) => this.store.read(job));
    return new Map(known.map((job) => [job, this.#artifacts.get(job)]));
  }

  hasArchive(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async find(job: string): Promise<Snapshot | undefined> {
    return Promise.resolve(this.#noted.get(job));
  }

  async findOrigin(job: string): Promise<TurnOrigin | undefined> {
    return Promise.resolve(this.store.read(job)?.job.origin);
  }

  async findWorkspace(job: string): Promise<WorkspaceSource | undefined> {
    const workspace = this.store.read(job)?.job.spec.workspace;
    await Promise.resolve();
    if (workspace?.kind === 'upload') return workspace;
    if (workspace?.kind !== 'snapshot' || !('job' in workspace)) return undefined;
    const artifacts = this.#artifacts.get(workspace.job) ?? workspace.kept;
    return artifacts && { kind: 'artifacts', job: workspace.job, artifacts };
  }

  async keptBySessions(jobs: readonly string[]): Promise<ReadonlyMap<string, Snapshot>> {
    const kept = this.origins().filter(({ job }) => jobs.includes(job));
    return Promise.resolve(new Map(kept.map(({ job, snapshot }) => [job, snapshot])));
  }

  /** The job's snapshot; undefined if there is none. */
  of(job: string): Snapshot | undefined {
    return this.#noted.get(job);
  }

  async stillOpen(jobs: readonly string[]): Promise<ReadonlyMap<string, Snapshot | undefined>> {
    await Promise.resolve();
    const records = jobs.map((job) => this.store.read(job)?.job);
    const awaited = this.awaited();
    const open = records.filter((record) => record && (!isOver(record.state) || awaited.includes(record.id)));
    return new Map(open.map((record) => [record?.id ?? '', this.#noted.get(record?.id ?? '')]));
  }
}
