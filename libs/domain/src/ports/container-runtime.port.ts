import type { Newcomers } from './newcomers.port.js';
import type { PodTemplate } from '../pools/pod-template.js';
import type { ContainerWait } from '../pools/start-wait.js';
import type { Resources } from '../pools/profile.js';

/** Options of starting a container. */
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
  /** Volume that is mounted read-only as the workers' cache; only used by the runtime `docker`. */
  readonly cache?: string;
  /** Additional settings of its pod; only used by the runtime `kubernetes`. */
  readonly pod?: PodTemplate;
}

/** A container of ours, as found by its labels. */
export interface SeenContainer {
  readonly worker: string;
  readonly profile: string;
  readonly fingerprint: string;
  /** Whether its program runs, or may still start. */
  readonly running: boolean;
  /** What its program waits for before it can run, if that may take long. */
  readonly waitsFor?: ContainerWait;
}

/** How a container ended. `reason` is a sentence for a person: exit code, signal, out of memory. */
export interface ContainerExit {
  readonly worker: string;
  readonly reason: string;
  /** Whether it ended because the kernel killed its worker for lack of memory. */
  readonly outOfMemory: boolean;
  readonly lastLines: readonly string[];
}

/**
 * Starts and stops workers. Every container belongs to one cluster (by label), and only that cluster's are seen.
 * Stopping a stopped one succeeds; so does starting one that already runs under that name.
 */
export interface ContainerRuntime {
  /** Name of the kind of runtime, as in the settings. */
  readonly kind: string;
  /** Whether code in a container is isolated from the host and from other containers. */
  readonly isolated: boolean;
  /** Where each worker has the folder with its sockets; absent if that is their actual path. */
  readonly workerSocketDir?: string;
  /**
   * How its workers reach Redis: `directly`, or `by-bridge`, which listens for them in the folder with their sockets.
   */
  readonly reachesRedis: 'directly' | 'by-bridge';
  /** How its workers reach the bridge. Default `by-sockets`, in a folder that the bridge creates for each of them. */
  readonly reachesBridge?: 'by-sockets' | 'by-network';
  /** Containers that others create; absent if there are none. */
  readonly newcomers?: Newcomers;
  /**
   * Name of the engine: runtimes with the same name see the same containers, and no others do. Rejects with
   * `container.start_failed`.
   */
  engineName(): Promise<string>;
  /**
   * Cores of the machine on which its workers run. Optional: absent, or undefined, if there may be several machines, or the
   * engine does not say.
   */
  cores?(): Promise<number | undefined>;
  /**
   * Checks that the runtime answers and that it can start the images. Rejects with `container.start_failed`, or with
   * `runtime.unavailable` if it does not answer and may do so before long.
   */
  prepare(images: readonly string[]): Promise<void>;
  /**
   * Identifies what a worker of this image would be made from now: the same name for the same content, another one once
   * the image, or the worker's program, was replaced. Pulls nothing; rejects with `container.start_failed` if it is
   * missing. Names are specific to one engine: another one may have another name for the same content. If only the
   * machines that run workers know their images, it is the image's own name, and a missing image is reported as the
   * exit of a worker.
   */
  releaseOf(image: string): Promise<string>;
  /** Resolves when the container was started (its worker is not ready yet); rejects with `container.start_failed`. */
  start(spec: ContainerSpec): Promise<void>;
  /** SIGTERM, and SIGKILL after `graceMs`; then removes the container and everything that belongs to it. */
  stop(worker: string, graceMs: number): Promise<void>;
  /**
   * Every container of this cluster, running or not, at most a few seconds old, and never older than this runtime's own
   * actions. Rejects if that is unknown: then no container may count as gone.
   */
  list(): Promise<readonly SeenContainer[]>;
  /** Calls back once for each container that ends without `stop`. The returned function unsubscribes. */
  watch(onExit: (exit: ContainerExit) => void): Promise<() => Promise<void>>;
  /** Releases the runtime's resources. Containers keep running. */
  close(): Promise<void>;
}
