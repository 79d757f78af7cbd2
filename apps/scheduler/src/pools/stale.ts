import { onEngine, type Placed } from '../workers/ownable.js';

/** What a worker was made from. */
export interface MadeFrom extends Placed {
  /** Of its profile. */
  readonly fingerprint: string;
  /** Of its image, as its engine names it. */
  readonly release?: string | undefined;
}

/** What an image's name currently refers to, on our engine. */
export interface ImageNow {
  /** Undefined: unknown. */
  readonly release: string | undefined;
  readonly engine: string;
}

/**
 * Whether a worker's image was replaced since it was made. Another engine may name the same image differently: the
 * image of a worker there is judged by its own schedulers, and counts as current here. Pure.
 */
export function isReplaced(worker: Pick<MadeFrom, 'release' | 'engine'>, { release, engine }: ImageNow): boolean {
  return release !== undefined && onEngine(worker, engine) && worker.release !== release;
}

/** Whether a worker is made from another profile or image than its pool's current ones. Pure. */
export function isStale(worker: MadeFrom, now: ImageNow & { readonly fingerprint: string | undefined }): boolean {
  return worker.fingerprint !== now.fingerprint || isReplaced(worker, now);
}
