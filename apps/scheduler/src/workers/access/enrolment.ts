import { createHash, randomBytes } from 'node:crypto';
import { RemudaError, isId, type Clock, type Profile } from '@remuda/domain';
import type { Relay, WorkerAccess, WorkerRegistry } from '@remuda/redis';
import type { Identity } from '../../identity.js';
import type { Spares } from '../../pools/spares.js';
import type { Images } from '../../profiles/images.js';
import type { BridgeListeners } from './bridge-listeners.js';
import type { Fleet } from '../fleet.js';
import { bridgeOf, workerEnvironment, type WorkerSurroundings } from './worker-environment.js';

/** What taking a worker in touches. */
export interface EnrolmentParts {
  readonly identity: Identity;
  readonly registry: Pick<WorkerRegistry, 'register' | 'note'>;
  /** Absent where workers have no accounts of their own. */
  readonly access: Pick<WorkerAccess, 'grant'> | undefined;
  readonly relay: Pick<Relay, 'follow'>;
  /** Absent where workers use no bridge. */
  readonly listeners: Pick<BridgeListeners, 'open'> | undefined;
  readonly fleet: Pick<Fleet, 'add' | 'get'>;
  readonly images: Pick<Images, 'lookAt'>;
  readonly spares: Pick<Spares, 'of'>;
  readonly surroundings: WorkerSurroundings;
  readonly clock: Clock;
}

/** Length of the credential by which a worker proves itself to a bridge. */
const credentialBytes = 32;

/** Takes new workers in. Whoever makes the worker names it: the scheduler for those that it starts, or what started it elsewhere. */
export class Enrolment {
  constructor(private readonly parts: EnrolmentParts) {}

  /**
   * Gives a worker all that it needs before it may speak, and its environment; to one that starts also a second time, with secrets of which
   * only the last ones count. Undefined where its pool is no longer ours to keep. Refuses
   * with `request.invalid` what can't be an id (`^[a-z0-9-]{1,63}$`, of no worker that is gone), and with `bridge.unavailable`, or as Redis does.
   */
  async enrol(
    id: string,
    profile: Profile,
    fingerprint: string,
  ): Promise<Readonly<Record<string, string>> | undefined> {
    if (!isId(id)) throw new RemudaError('request.invalid', `${JSON.stringify(id)} is not a valid worker id.`);
    const { access, relay, listeners, spares, surroundings } = this.parts;
    const bridgeCredential = surroundings.bridge && randomBytes(credentialBytes).toString('base64url');
    if (!(await this.#enter(id, profile, fingerprint, bridgeCredential))) return undefined;
    const account = await access?.grant(id);
    // It is listened to before it can say anything.
    await relay.follow(id);
    await listeners?.open(id);
    const spare = spares.of(profile.name)?.permissionMode;
    return workerEnvironment(id, profile, surroundings, { account, bridgeCredential, spare });
  }

  /** Writes it down; false where the pool is no longer ours to keep. From then on it is one of those that start. */
  async #enter(
    id: string,
    { name, image, recycle, engine: engineKind }: Profile,
    fingerprint: string,
    credential: string | undefined,
  ): Promise<boolean> {
    const { identity, registry, fleet, clock, surroundings, images } = this.parts;
    const { engine } = identity;
    // Asked for before the container is made: one that is replaced in between makes a worker that leaves early, and none that stays.
    const release = await images.lookAt(image);
    const named = { id, profile: name, engine, bridge: bridgeOf(surroundings, engine), fingerprint, release };
    const proof = { bridgeCredential: credential && createHash('sha256').update(credential).digest('hex') };
    const ours = await registry.register({
      ...{ ...named, ...proof, engineKind, afterJobs: recycle.afterJobs, startedAt: clock.now() },
    });
    const tick = clock.monotonic();
    if (!ours) return false;
    if (!fleet.get(id)) fleet.add({ ...named, phase: 'starting', startedAt: tick, readyAt: 0, heardAt: tick });
    // one that asks a second time did not hear the first answer: its record is of that
    else if (proof.bridgeCredential !== undefined)
      await registry.note(id, { bridgeCredential: proof.bridgeCredential });
    return true;
  }
}

/** A name for a worker of this profile that is not there yet. */
export function newWorkerId(profile: string): string {
  return `w-${profile.slice(0, 40)}-${randomBytes(4).toString('hex')}`;
}
