import type { Failure } from '@remuda/domain';

/** What parts of a scheduler tell parts that are created after them. */
export interface SignalListeners {
  /** Workers of a profile may be free, or its jobs ready to claim again. */
  work(profile: string): void;
  /** Workers were added, removed or are unusable for now: their pool may need others. */
  poolChanged(): void;
  /** A worker belongs to another scheduler, or to nobody: this one was frozen for too long. */
  disowned(worker: string): void;
  /** A worker must be removed, and its job ends with this failure. */
  lost(worker: string, failure: Failure): void;
  /** A worker became ready for its first job, this many ms after its start. */
  ready(profile: string, tookMs: number): Promise<void>;
  /** A container ended, or was not created, before its worker was ready. */
  startFailed(profile: string, reason: string): Promise<void>;
}

/** Forwards signals between parts: they are created with it, and it is connected when all of them exist. */
export class Signals implements SignalListeners {
  #listeners: SignalListeners | undefined;

  /** Connects the listener. A signal before that is a `TypeError`: parts send nothing while they are created. */
  connect(listeners: SignalListeners): void {
    this.#listeners = listeners;
  }

  work(profile: string): void {
    this.#connected.work(profile);
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
