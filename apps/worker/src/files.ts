import { RemudaError, artifactLimits, failureOf, globMatcher } from '@remuda/domain';
import { listFiles, packFiles, pasteWorkspace, type CopyPlace } from '@remuda/engine';
import type { FileKeeper } from './keepers.port.js';
import type { SentArtifacts, SnapshotClient } from './snapshot-client.js';

/** Moves a job's files between its workspace and the bridge. */
export class Files implements FileKeeper {
  constructor(
    private readonly client: SnapshotClient,
    private readonly place: CopyPlace,
  ) {}

  async fill(token: string, signal: AbortSignal): Promise<void> {
    const fetched = await this.client.get({ of: 'workspace', token }, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      throw unavailable(`The bridge was not reached: ${failureOf(error).message}`);
    });
    if (fetched.kind === 'refused') throw unavailable(`The bridge answered ${String(fetched.status)}.`);
    if (fetched.kind === 'unknown')
      throw new RemudaError('workspace.failed', 'The files with which the job begins are gone.');
    if (fetched.kind === 'broken')
      throw new RemudaError('workspace.failed', 'The files with which the job begins are not what was stored.');
    await pasteWorkspace(this.place, fetched.content, signal);
  }

  async keep(globs: readonly string[], token: string, signal: AbortSignal): Promise<readonly string[]> {
    try {
      const all = await listFiles(this.place, signal);
      if (all === undefined) return [notKept('the workspace has too many files')];
      const files = all.filter(globMatcher(globs));
      // Before anything is packed; the bridge counts as well.
      if (files.length > artifactLimits.files)
        return [
          notKept(`the globs name ${String(files.length)} files, and ${String(artifactLimits.files)} may be kept`),
        ];
      const sent = await this.client.putArtifacts(token, packFiles(this.place, files, signal), signal);
      if (sent.kind !== 'stored') return [notKept(whyNot(sent))];
      const missing = globs.filter((glob) => !files.some(globMatcher([glob])));
      return missing.map((glob) => `No file is kept for ${JSON.stringify(glob)}: the workspace has none.`);
    } catch (error) {
      return [notKept(signal.aborted ? 'it took too long, or the attempt was stopped' : failureOf(error).message)];
    }
  }
}

const notKept = (why: string): string => `No artifacts are kept: ${why.replace(/\.$/, '')}.`;

function whyNot(sent: Exclude<SentArtifacts, { readonly kind: 'stored' }>): string {
  switch (sent.kind) {
    case 'too_large':
      return 'they are too large';
    case 'full':
      return 'the bridge has no room for them';
    case 'refused':
      return sent.why ?? `the bridge answered ${String(sent.status)}`;
    case 'stored':
      return '';
  }
}

const unavailable = (why: string): RemudaError =>
  new RemudaError('workspace.unavailable', `The files with which the job begins cannot be had: ${why}`);
