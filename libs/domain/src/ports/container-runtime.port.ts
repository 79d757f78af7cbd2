import type { Newcomers } from './newcomers.port.js';
import type { PodTemplate } from '../pools/pod-template.js';
import type { Resources } from '../pools/profile.js';

/** What a container is started with. */
export interface ContainerSpec {
  /** The worker's id, which is the container's name as well: `^[a-z0-9-]{1,63}$`. */
  readonly worker: string;
  readonly profile: string;
  readonly image: string;
  readonly resources: Resources;
  readonly network: string;
  /** Environment of the worker process; never the model's credential. */
  readonly env: Readonly<Record<string, string>>;
  /** Fingerprint of the profile it was made from; another one makes it stale. */
  readonly fingerprint: string;
  /** What its pod has besides; of meaning to the runtime `kubernetes` only. */
  readonly pod?: PodTemplate;
}

/** A container of ours, as found by its labels. */
export interface SeenContainer {
  readonly worker: string;
  readonly profile: string;
  readonly fingerprint: string;
  /** Whether its program runs, or may come to. */
  readonly running: boolean;
  /** What it waits for before its program can run, where that may last: a sentence for a person. */
  readonly waitsFor?: string;
}

/** How a container ended. `reason` is a sentence for a person: exit code, signal, out of memory. */
export interface ContainerExit {
  readonly worker: string;
  readonly reason: string;
  /** It ended because the kernel killed its worker for want of memory. */
  readonly outOfMemory: boolean;
  readonly lastLines: readonly string[];
}

/**
 * Starts and stops workers. Every container belongs to one cluster (by label), and only that cluster's are seen.
 * Stopping what is stopped succeeds; so does starting what already runs under that name.
 */
export interface ContainerRuntime {
  /** Names the kind of runtime to people, as the settings do. */
  readonly kind: string;
  /** Whether code in a container is kept from the host and from other containers. */
  readonly isolated: boolean;
  /** Where each worker sees the folder with its sockets; absent where it sees them at the place where they are. */
  readonly workerSocketDir?: string;
  /** How its workers reach Redis: `directly`, or `by-bridge`, which listens for them in the folder with their sockets. */
  readonly reachesRedis: 'directly' | 'by-bridge';
  /** How its workers reach the bridge. Default `by-sockets`, in a folder that the bridge makes for each of them. */
  readonly reachesBridge?: 'by-sockets' | 'by-network';
  /** Containers that others make; absent where none can come. */
  readonly newcomers?: Newcomers;
  /** Names the engine: whoever has the same name sees the same containers, and nobody else does. Rejects with `container.start_failed`. */
  engineName(): Promise<string>;
  /** Checks that the runtime answers and that it can start the images; rejects with `container.start_failed`. */
  prepare(images: readonly string[]): Promise<void>;
  /**
   * Names what a worker of this image would be made from now: the same name for the same content, another one once the image, or the
   * worker's program, was replaced. Fetches nothing; rejects with `container.start_failed` where it is missing. Names are those of one
   * engine: another one may name the same content otherwise. Where only the machines that run workers know their images, it is the
   * image's own name, and a missing one is told as the exit of a worker that was to be made from it.
   */
  releaseOf(image: string): Promise<string>;
  /** Resolves when the container was started (its worker is not ready yet); rejects with `container.start_failed`. */
  start(spec: ContainerSpec): Promise<void>;
  /** SIGTERM, and SIGKILL after `graceMs`; then removes the container and all that belongs to it. */
  stop(worker: string, graceMs: number): Promise<void>;
  /**
   * Every container of this cluster that exists, running or not, as it is now or was a few seconds ago, and never older than what this
   * runtime did. Rejects where that can't be said: then nothing is known, and no container may be taken for gone.
   */
  list(): Promise<readonly SeenContainer[]>;
  /** Calls back once for each container that ends without `stop`. The returned function ends the watch. */
  watch(onExit: (exit: ContainerExit) => void): Promise<() => Promise<void>>;
  /** Lets go of what the runtime holds. Containers go on. */
  close(): Promise<void>;
}
