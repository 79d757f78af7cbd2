import type { Client } from 'openapi-fetch';
import { asItIs, contentOf, type Answer } from './answer.js';
import type { paths } from './schema.js';
import { sendUpload, type Archive, type UploadOptions } from './send-upload.js';
import type { Artifacts, Upload } from './shapes.js';

/** What the files need of the client. */
export interface FilesLine {
  readonly http: Client<paths>;
  /** The answer's data; throws what the api refuses. */
  readonly taken: <T>(answer: Answer<T>) => T;
}

/** Files that jobs begin with, and files that they leave. Rejects as the client does. */
export class Files {
  constructor(private readonly line: FilesLine) {}

  /** The files that were kept of a job, by their paths. Rejects with `artifact.unknown` once they are no longer kept. */
  async artifacts(id: string): Promise<Artifacts> {
    return this.line.taken(await this.line.http.GET('/api/v1/jobs/{id}/artifacts', { params: { path: { id } } }));
  }

  /** The content of one of them. Rejects with `artifact.unknown`. */
  async artifact(id: string, path: string): Promise<ReadableStream<Uint8Array>> {
    const params = { path: { id, path } };
    const answer = await this.line.http.GET('/api/v1/jobs/{id}/artifacts/{path}', { params, parseAs: 'stream' });
    return contentOf(this.line.taken(answer));
  }

  /** All of them as a tar archive. Rejects with `artifact.unknown`, also if there are none. */
  async artifactsTar(id: string): Promise<ReadableStream<Uint8Array>> {
    const params = { path: { id } };
    const answer = await this.line.http.GET('/api/v1/jobs/{id}/artifacts.tar', { params, parseAs: 'stream' });
    return contentOf(this.line.taken(answer));
  }

  /**
   * Sends an archive (tar, tar.gz or zip) in parts, and resolves when it is complete: a job begins with it by
   * `workspace: {kind: 'upload', upload: id}`. What is there already is not sent again. Rejects with `upload.invalid`, `request.too_large`.
   */
  upload(archive: Archive, options: UploadOptions = {}): Promise<Upload> {
    return sendUpload(
      async (header, body) =>
        this.line.taken(
          await this.line.http.PUT('/api/v1/uploads', {
            params: { header },
            body: body as unknown as string,
            ...asItIs,
            ...(options.signal && { signal: options.signal }),
          }),
        ),
      archive,
      options,
    );
  }
}
