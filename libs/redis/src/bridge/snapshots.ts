import {
  defaultTenant,
  isOver,
  type KeptArtifacts,
  type JobState,
  type Snapshot,
  type TurnOrigin,
  type WorkspaceSource,
} from '@remuda/domain';
import { readKeptArtifacts, readSnapshot } from '@remuda/protocol';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import type { Redis } from 'ioredis';
import { translateRedisError } from '../connection/redis-error.js';
import { readJobHash } from '../jobs/job-hash.js';
import { isHeldState } from '../jobs/states.lua.js';
import { defineScript } from '../script/define-script.js';

/**
 * Records a snapshot or artifacts in a field of their job's record, unless the lease is not the current one; a snapshot also while its
 * session waits for it. `whole` is '1' for one that was taken at the turn's end, else ''. Returns what was
 * replaced, '' if there was nothing, or 0 if it was fenced.
 */
export const noteFilesScript = defineScript(
  { keys: ['job'], args: ['worker', 'lease', 'field', 'note', 'whole'], include: [isHeldState] },
  `
local at = redis.call('HMGET', jobKey, 'lease', 'state', 'worker', 'saving')
if at[1] ~= lease or at[3] ~= worker then return 0 end
if not isHeld(at[2]) and not (at[4] and field == 'snapshot') then return 0 end -- rule: awaited
local before = redis.call('HGET', jobKey, field)
redis.call('HSET', jobKey, field, note)
if field == 'snapshot' then redis.call('HSET', jobKey, 'whole', whole) end
return before or ''
`,
);

/** The snapshots and artifacts recorded for jobs. Every call rejects with `redis.unavailable` in an outage. */
export class RedisSnapshots {
  private readonly redis: Redis;

  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.redis = clientOf(connection);
  }

  /**
   * Records a stored snapshot, and returns the one that it replaced; `ended` if its lease is no longer the job's
   * current one.
   */
  async note(job: string, worker: string, snapshot: Snapshot): Promise<{ replaced?: Snapshot } | 'ended'> {
    const before = await this.#note(job, worker, 'snapshot', snapshot, snapshot.whole === true);
    if (before === undefined) return 'ended';
    const replaced = readSnapshot(before);
    return replaced ? { replaced } : {};
  }

  /**
   * Records stored artifacts, and returns those that they replaced; `ended` if their lease is no longer the job's current
   * one.
   */
  async noteArtifacts(
    job: string,
    worker: string,
    artifacts: KeptArtifacts,
  ): Promise<{ replaced?: KeptArtifacts } | 'ended'> {
    const before = await this.#note(job, worker, 'keptArtifacts', artifacts);
    if (before === undefined) return 'ended';
    const replaced = readKeptArtifacts(before);
    return replaced ? { replaced } : {};
  }

  /** Of these jobs, those whose records are there, each with its recorded artifacts. */
  async artifactsOf(jobs: readonly string[]): Promise<ReadonlyMap<string, KeptArtifacts | undefined>> {
    const look = (job: string) => this.redis.hmget(this.keys.job(job), 'state', 'keptArtifacts');
    const found = await translated(Promise.all(jobs.map(look)));
    return new Map(
      jobs.flatMap((job, i) => {
        const [state, noted] = found[i] ?? [];
        return state ? [[job, readKeptArtifacts(noted ?? '')] as const] : [];
      }),
    );
  }

  /** Whether an archive keeps jobs that are over for longer than their records are here. */
  async hasArchive(): Promise<boolean> {
    return (await translated(this.redis.exists(this.keys.archive))) === 1;
  }

  /** What was noted before; undefined if it is fenced. */
  async #note(
    ...[job, worker, field, note, whole = false]: [string, string, string, Pick<Snapshot, 'lease'>, boolean?]
  ): Promise<string | undefined> {
    const args = { worker, lease: note.lease, field, note: JSON.stringify(note), whole: whole ? 1 : '' };
    const answer = await translated(noteFilesScript.run(this.redis, { keys: { job: this.keys.job(job) }, args }));
    return typeof answer === 'string' ? answer : undefined;
  }

  /** The job's snapshot; undefined if there is none. */
  async find(job: string): Promise<Snapshot | undefined> {
    const text = await translated(this.redis.hget(this.keys.job(job), 'snapshot'));
    return text === null ? undefined : readSnapshot(text);
  }

  /** Where the job takes up its session's conversation; undefined for nowhere. */
  async findOrigin(job: string): Promise<TurnOrigin | undefined> {
    const [origin, originJob] = await translated(this.redis.hmget(this.keys.job(job), 'origin', 'originJob'));
    return readJobHash(job, { ...(origin ? { origin } : {}), ...(originJob ? { originJob } : {}) }).origin;
  }

  /** The files with which the job begins; undefined for none, also where its session has none any more. */
  async findWorkspace(job: string): Promise<WorkspaceSource | undefined> {
    const hash = await translated(this.redis.hmget(this.keys.job(job), 'spec', 'tenant'));
    const [spec = null, tenant = null] = hash;
    if (spec === null) return undefined;
    const { workspace } = readJobHash(job, { spec }).spec;
    if (workspace.kind === 'upload') return workspace;
    if (workspace.kind !== 'snapshot') return undefined;
    if ('job' in workspace) return this.#leftBy(workspace, tenant ?? defaultTenant);
    const session = this.keys.session(workspace.session);
    const [snapshot = null, of = null, owner = null] = await translated(
      this.redis.hmget(session, 'snapshot', 'snapshotJob', 'tenant'),
    );
    const kept = readSnapshot(snapshot ?? '');
    // The tenants of a job and of its session are the same, or it would not have been accepted.
    const isOwn = (tenant ?? defaultTenant) === owner;
    return kept && of !== null && isOwn ? { kind: 'snapshot', job: of, snapshot: kept } : undefined;
  }

  async #leftBy(
    { job, kept }: { readonly job: string; readonly kept?: KeptArtifacts },
    tenant: string,
  ): Promise<WorkspaceSource | undefined> {
    const [noted = null, owner = null] = await translated(
      this.redis.hmget(this.keys.job(job), 'keptArtifacts', 'tenant'),
    );
    const artifacts = noted === null ? kept : readKeptArtifacts(noted);
    const isOwn = noted === null || (owner ?? defaultTenant) === tenant;
    return artifacts && isOwn ? { kind: 'artifacts', job, artifacts } : undefined;
  }

  /** Of these jobs, those whose snapshot is now that of their session, each with it. It is kept whatever its age. */
  async keptBySessions(jobs: readonly string[]): Promise<ReadonlyMap<string, Snapshot>> {
    if (jobs.length === 0) return new Map();
    const found = await translated(this.redis.hmget(this.keys.sessionOrigins, ...jobs));
    const kept = jobs.map((job, i) => [job, readSnapshot(found[i] ?? '')] as const);
    return new Map(kept.flatMap(([job, snapshot]) => (snapshot ? [[job, snapshot]] : [])));
  }

  /** The jobs that may still need a snapshot (known and not over, or their session waits for it), each with its recorded one. */
  async stillOpen(jobs: readonly string[]): Promise<ReadonlyMap<string, Snapshot | undefined>> {
    const look = (job: string) => this.redis.hmget(this.keys.job(job), 'state', 'snapshot', 'saving');
    const found = await translated(Promise.all(jobs.map(look)));
    return new Map(
      jobs.flatMap((job, i) => {
        const [state, snapshot, saving] = found[i] ?? [];
        const isOpen = state && (!isOver(state as JobState) || saving);
        return isOpen ? [[job, readSnapshot(snapshot ?? '')] as const] : [];
      }),
    );
  }
}

async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw translateRedisError(error);
  }
}
