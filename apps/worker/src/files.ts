import { RemudaError, failureOf } from '@remuda/domain';
import { pasteWorkspace, type CopyPlace } from '@remuda/engine';
import type { FileKeeper } from './keepers.port.js';
import type { SnapshotClient } from './snapshot-client.js';

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
}

const unavailable = (why: string): RemudaError =>
  new RemudaError('workspace.unavailable', `The files with which the job begins cannot be had: ${why}`);
