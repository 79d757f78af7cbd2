import type { IsoTime } from './dated.js';

/** A file that was kept of a job. */
export interface ArtifactView {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of its content, in hex. */
  readonly sha256: string;
}

/** The files that were kept of a job, by their paths. */
export interface ArtifactsView {
  readonly artifacts: readonly ArtifactView[];
  /** Of all together. */
  readonly bytes: number;
  /** When they were kept; absent for none. */
  readonly createdAt?: IsoTime;
}
