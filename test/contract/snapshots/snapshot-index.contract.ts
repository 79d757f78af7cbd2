import type { KeptArtifacts, Snapshot, SnapshotIndex, Workspace } from '@remuda/domain';
import { noUsage } from '@remuda/domain';
import { jobSpec } from '@remuda/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JobsHarness } from '../jobs/job-store.contract.js';

/** An index of snapshots beside the jobs that they are of. */
export interface IndexHarness extends JobsHarness {
  readonly index: SnapshotIndex;
}

const worker = 'w-default-1';
const snapshot = (own: Partial<Snapshot> = {}): Snapshot => ({
  ...{
    sessionId: '00000000-0000-4000-8000-000000000001',
    at: 5,
    lease: 1,
    copy: '0123456789abcdef',
    bytes: 10,
    sessionBytes: 4,
  },
  ...own,
});

const artifacts = (own: Partial<KeptArtifacts> = {}): KeptArtifacts => ({
  ...{ at: 5, lease: 1, copy: '0123456789abcdef', files: 2, bytes: 10 },
  ...{ sha256: 'a'.repeat(64), listSha256: 'b'.repeat(64) },
  ...own,
});

/** What every keeper of the SnapshotIndex port promises. */
export function snapshotIndexContract(name: string, make: () => Promise<IndexHarness>): void {
  describe(`${name}, as an index of snapshots`, () => {
    let harness: IndexHarness;
    let index: SnapshotIndex;
    beforeEach(async () => {
      harness = await make();
      ({ index } = harness);
      await harness.store.submit([{ id: 'j-1', spec: jobSpec() }]);
    });
    afterEach(() => harness.close());

    test('knows with which upload a job begins, and that others begin with none', async () => {
      const workspace = { kind: 'upload' as const, upload: `u-${'a'.repeat(32)}` };
      await harness.store.submit([{ id: 'j-2', spec: jobSpec({ workspace }) }]);
      expect(await index.findWorkspace('j-2')).toEqual(workspace);
      expect(await index.findWorkspace('j-1')).toBeUndefined();
      expect(await index.findWorkspace('j-3')).toBeUndefined();
    });

    test('knows which files of another job a job begins with: those of now, or else those when it was accepted', async () => {
      const begin = (workspace: Workspace) => harness.store.submit([{ id: 'j-2', spec: jobSpec({ workspace }) }]);
      const old = artifacts({ copy: 'f'.repeat(16) });
      await begin({ kind: 'snapshot', job: 'j-1', kept: old });
      expect(await index.findWorkspace('j-2')).toEqual({ kind: 'artifacts', job: 'j-1', artifacts: old });
      await harness.take('default');
      await index.noteArtifacts('j-1', worker, artifacts());
      expect(await index.findWorkspace('j-2')).toEqual({ kind: 'artifacts', job: 'j-1', artifacts: artifacts() });
    });

    test('notes a snapshot of the attempt of now, and gives the one that it replaces', async () => {
      await harness.take('default');
      expect(await index.find('j-1')).toBeUndefined();
      expect(await index.note('j-1', worker, snapshot())).toEqual({});
      expect(await index.find('j-1')).toEqual(snapshot());
      const second = snapshot({ at: 6, copy: 'fedcba9876543210' });
      expect(await index.note('j-1', worker, second)).toEqual({ replaced: snapshot() });
      expect(await index.find('j-1')).toEqual(second);
    });

    test.each([
      ['before the job has a worker', false, worker, 1],
      ['by another worker', true, 'w-other', 1],
      ['under another lease', true, worker, 2],
    ])('takes none %s', async (_, taken, by, lease) => {
      if (taken) await harness.take('default');
      expect(await index.note('j-1', by, snapshot({ lease }))).toBe('ended');
      expect(await index.find('j-1')).toBeUndefined();
    });

    test('notes artifacts in the same way, beside the snapshot, and knows them after the end', async () => {
      expect(await index.noteArtifacts('j-1', worker, artifacts())).toBe('ended');
      await harness.take('default');
      expect(await index.noteArtifacts('j-1', 'w-other', artifacts())).toBe('ended');
      expect(await index.noteArtifacts('j-1', worker, artifacts({ lease: 2 }))).toBe('ended');
      expect(await index.artifactsOf(['j-1', 'j-2'])).toEqual(new Map([['j-1', undefined]]));
      expect(await index.noteArtifacts('j-1', worker, artifacts())).toEqual({});
      const second = artifacts({ files: 3 });
      expect(await index.noteArtifacts('j-1', worker, second)).toEqual({ replaced: artifacts() });
      expect(await index.find('j-1')).toBeUndefined();
      await harness.finish('j-1', { text: '', turns: 1, usage: noUsage, costUsd: 0 });
      expect(await index.noteArtifacts('j-1', worker, artifacts())).toBe('ended');
      expect(await index.artifactsOf(['j-1'])).toEqual(new Map([['j-1', second]]));
    });

    test('takes none of an attempt that is over, and knows which jobs may still have use for one', async () => {
      await harness.store.submit([{ id: 'j-2', spec: jobSpec() }]);
      await harness.take('default');
      await index.note('j-1', worker, snapshot());
      const asked = ['j-1', 'j-2', 'j-3'];
      expect(await index.stillOpen(asked)).toEqual(
        new Map([
          ['j-1', snapshot()],
          ['j-2', undefined],
        ]),
      );
      await harness.finish('j-1', { text: '', turns: 1, usage: noUsage, costUsd: 0 });
      expect(await index.note('j-1', worker, snapshot({ at: 6 }))).toBe('ended');
      expect([...(await index.stillOpen(asked)).keys()]).toEqual(['j-2']);
    });
  });
}
