import { Inject, Injectable } from '@nestjs/common';
import { checked } from '@remuda/blobs';
import { RemudaError, artifactBlob } from '@remuda/domain';
import type { Artifact, Blobs, JobRecord } from '@remuda/domain';
import { artifactRoom } from '../stores.js';

/** Where artifacts are; `blobs` is absent if the api has no place for files. */
export interface ArtifactRoom {
  readonly blobs?: Blobs;
}

/** A file, or all of them packed, to be sent. */
export interface SentFile {
  readonly bytes: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/** The files that were kept of jobs. Everything is checked by its digest while it is read. */
@Injectable()
export class Artifacts {
  constructor(@Inject(artifactRoom) private readonly room: ArtifactRoom) {}

  /** Those of a job, by their paths. Rejects with `artifact.unknown` if they are no longer kept. */
  async list({ id, keptArtifacts }: JobRecord): Promise<readonly Artifact[]> {
    if (!keptArtifacts) return [];
    const blob = await this.requireBlobs().get(artifactBlob.list(id, keptArtifacts));
    if (!blob) throw gone();
    const chunks: Uint8Array[] = [];
    for await (const chunk of checked(blob.content, keptArtifacts.listSha256)) chunks.push(chunk);
    const files = JSON.parse(Buffer.concat(chunks).toString()) as readonly Artifact[];
    return [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** Whether all of them are still kept. */
  async areThere({ id, keptArtifacts: kept }: Pick<JobRecord, 'id' | 'keptArtifacts'>): Promise<boolean> {
    if (!kept || !this.room.blobs) return false;
    const name = artifactBlob.archive(id, kept);
    return (await this.room.blobs.list(name)).some((blob) => blob.name === name);
  }

  /** One file. Rejects with `artifact.unknown`. */
  async one(job: JobRecord, path: string): Promise<SentFile> {
    const file = (await this.list(job)).find((each) => each.path === path);
    if (!file || !job.keptArtifacts)
      throw new RemudaError('artifact.unknown', `The job has no artifact ${JSON.stringify(path.slice(0, 200))}.`);
    const { from, bytes, sha256 } = file;
    if (bytes === 0) return { bytes, content: nothing() };
    const blob = await this.requireBlobs().get(artifactBlob.archive(job.id, job.keptArtifacts), { from, bytes });
    if (!blob) throw gone();
    return { bytes, content: checked(blob.content, sha256) };
  }

  /** All of them as a tar archive. Rejects with `artifact.unknown`, also if there are none. */
  async all({ id, keptArtifacts }: JobRecord): Promise<SentFile> {
    if (!keptArtifacts) throw new RemudaError('artifact.unknown', 'The job has no artifacts.');
    const blob = await this.requireBlobs().get(artifactBlob.archive(id, keptArtifacts));
    if (!blob) throw gone();
    return { bytes: blob.bytes, content: checked(blob.content, keptArtifacts.sha256) };
  }

  private requireBlobs(): Blobs {
    if (this.room.blobs) return this.room.blobs;
    throw new RemudaError('blobs.off', 'This api keeps no files: REMUDA_BLOBS_URL is not set.');
  }
}

const gone = (): RemudaError => new RemudaError('artifact.unknown', "The job's artifacts are no longer kept.");

async function* nothing(): AsyncGenerator<Uint8Array> {
  // no chunk
}
