import { RemudaError, type Newcomer, type Newcomers, type Profile } from '@remuda/domain';
import type { EnrolmentAnswer, EnrolmentRequest } from '@remuda/protocol';
import type { WorkerRegistry } from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import type { Losses } from '../attempts/losses.js';
import { lost } from '../attempts/lost.js';
import type { HaltWatch } from '../pools/halt-watch.js';
import { fingerprint } from '../profiles/profiles-file.js';
import type { Enrolment } from '../workers/access/enrolment.js';
import { admitted } from './admission.js';

/** Dependencies of admitting newcomers. */
export interface AdmissionsParts {
  readonly newcomers: Newcomers;
  readonly profiles: readonly Profile[];
  readonly registry: Pick<WorkerRegistry, 'all'>;
  readonly enrolment: Pick<Enrolment, 'enrol'>;
  readonly losses: Pick<Losses, 'lose'>;
  readonly halts: Pick<HaltWatch, 'drainedBy'>;
  readonly log: Logger;
}

/** A pool's leader changes within this time, in ms; another scheduler may be asked at once. */
const elsewherePauseMs = 200;

/** Admits newcomers as workers, one after the other, so that a pool never exceeds its maximum. */
export class Admissions {
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: AdmissionsParts) {}

  /**
   * Returns what a newcomer needs as a worker. Rejects with a code of `enrolment.…`, with `profile.unknown`, or as the
   * runtime and Redis do.
   */
  async admit(proof: string, { profile }: EnrolmentRequest): Promise<EnrolmentAnswer> {
    const newcomer = await this.parts.newcomers.identify(proof);
    const admitted = this.#last.then(() => this.#takeIn(newcomer, profile));
    this.#last = admitted.catch(() => undefined);
    return admitted;
  }

  async #takeIn(newcomer: Newcomer, name: string): Promise<EnrolmentAnswer> {
    const { newcomers, registry, enrolment, profiles, halts, log } = this.parts;
    const { worker } = newcomer;
    const drained = halts.drainedBy(name) !== undefined;
    const profile = admitted({
      newcomer,
      profile: profiles.find((one) => one.name === name),
      workers: await registry.all(),
      drained,
    });
    const made = fingerprint(profile);
    const env = await enrolment.enrol(worker, profile, made);
    if (!env) throw elsewhere(name);
    try {
      const own = await newcomers.admit({ worker, profile: name, fingerprint: made });
      log.info({ worker, profile: name, pod: newcomer.name }, 'a pod enrolled');
      return { worker, env: { ...own, ...env } };
    } catch (error) {
      // otherwise it retries, and is known
      if (error instanceof RemudaError && error.code === 'enrolment.refused')
        await this.parts.losses.lose(worker, lost(error.message));
      throw error;
    }
  }
}

function elsewhere(profile: string): RemudaError {
  const message = `Another scheduler leads the pool ${profile}: a retry may reach it.`;
  return new RemudaError('enrolment.elsewhere', message, { retryAfterMs: elsewherePauseMs });
}
