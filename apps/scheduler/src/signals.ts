import type { Failure } from '@remuda/domain';

/** What parts of a scheduler tell parts that are made after them. */
export interface SignalListeners {
  /** About so many jobs of a profile may be there to claim, or a worker to carry one out. Default 1. */
  work(profile: string, jobs?: number): void;
  /** Workers came or went, or are of no use for the moment: their pool may want others. */
  poolChanged(): void;
  /** A worker belongs to another scheduler, or to nobody: this one was away for too long. */
  disowned(worker: string): void;
  /** A worker is to be taken out of everything, and what it held ends with this failure. */
  lost(worker: string, failure: Failure): void;
  /** A worker became ready for its first job, so many ms after its start. */
  ready(profile: string, tookMs: number): Promise<void>;
  /** A container ended, or did not come to be, before its worker was ready. */
  startFailed(profile: string, reason: string): Promise<void>;
}

/** Passes on what parts tell each other: parts are made with it, and it is connected when all of them are there. */
export class Signals implements SignalListeners {
  #listeners: SignalListeners | undefined;

  /** Names who listens. A signal before that is a `TypeError`: parts tell nothing while they are made. */
  connect(listeners: SignalListeners): void {
    this.#listeners = listeners;
  }

  work(profile: string, jobs?: number): void {
    this.#connected.work(profile, jobs);
  }

  poolChanged(): void {
    this.#connected.poolChanged();
  }

  disowned(worker: string): void {
    this.#connected.disowned(worker);
  }

  lost(worker: string, failure: Failure): void {
    this.#connected.lost(worker, failure);
  }

  ready(profile: string, tookMs: number): Promise<void> {
    return this.#connected.ready(profile, tookMs);
  }

  startFailed(profile: string, reason: string): Promise<void> {
    return this.#connected.startFailed(profile, reason);
  }

  get #connected(): SignalListeners {
    if (!this.#listeners) throw new TypeError('No listener is set yet.');
    return this.#listeners;
  }
}
