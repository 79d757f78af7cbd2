import {
  spareNeedOf,
  spareOf,
  type Clock,
  type JobRecord,
  type PermissionMode,
  type PoolSpare,
  type Profile,
} from '@remuda/domain';
import { encodeControl } from '@remuda/protocol';
import type { SpareNeeds, WorkerRegistry } from '@remuda/redis';
import type { OwnWorker } from '../workers/fleet.js';

/** Dependencies of deciding about spares. */
export interface SparesParts {
  readonly needs: Pick<SpareNeeds, 'note' | 'read'>;
  readonly registry: Pick<WorkerRegistry, 'tell'>;
  readonly clock: Clock;
}

/** Jobs that were assigned and not noted in Redis yet. */
interface Unnoted {
  jobs: number;
  readonly modes: Set<PermissionMode>;
}

/**
 * Which pools' idle workers keep a spare process. Every scheduler notes the jobs that it assigns in Redis and decides
 * from what all have noted, so that they agree without a leader. A worker learns it with its environment, and later by
 * a control message, whenever a heartbeat tells that it keeps another one.
 */
export class Spares {
  readonly #profiles: ReadonlyMap<string, Profile>;
  readonly #unnoted = new Map<string, Unnoted>();
  readonly #kept = new Map<string, PoolSpare | undefined>();

  constructor(
    private readonly parts: SparesParts,
    profiles: readonly Profile[],
  ) {
    this.#profiles = new Map(profiles.map((profile) => [profile.name, profile]));
  }

  /** A job was assigned. One that resumes a session has no use for a spare. */
  noteJob({ spec }: Pick<JobRecord, 'spec'>, resumes: boolean): void {
    const profile = this.#profiles.get(spec.profile);
    if (!profile) return;
    const unnoted = this.#unnoted.get(spec.profile) ?? { jobs: 0, modes: new Set<PermissionMode>() };
    unnoted.jobs++;
    const need = resumes ? undefined : spareNeedOf(spec, profile);
    if (need !== undefined) unnoted.modes.add(need);
    this.#unnoted.set(spec.profile, unnoted);
  }

  /** Notes the jobs, and decides anew. */
  async keep(): Promise<void> {
    const { needs, clock } = this.parts;
    await Promise.all(
      [...this.#profiles.values()].map(async ({ name, permissionMode }) => {
        const unnoted = this.#unnoted.get(name);
        this.#unnoted.delete(name);
        if (unnoted) await needs.note(name, unnoted.jobs, [...unnoted.modes], clock.now());
        this.#kept.set(name, spareOf(await needs.read(name, clock.now()), permissionMode));
      }),
    );
  }

  /** The spare that a pool's idle workers keep; undefined for none, and before the first decision. */
  of(profile: string): PoolSpare | undefined {
    return this.#kept.get(profile);
  }

  /** A worker said which spare it keeps: it is told if that is not the one. */
  async compare({ id, profile }: Pick<OwnWorker, 'id' | 'profile'>, said: PermissionMode | 'none'): Promise<void> {
    if (!this.#kept.has(profile)) return;
    const permissionMode = this.of(profile)?.permissionMode;
    if (said === (permissionMode ?? 'none')) return;
    const control = { kind: 'spare', ...(permissionMode === undefined ? {} : { permissionMode }) } as const;
    await this.parts.registry.tell(id, encodeControl(control));
  }
}
