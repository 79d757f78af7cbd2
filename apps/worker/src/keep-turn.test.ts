import { expect, test } from 'vitest';
import type { EndedTurn, SnapshotKeeper } from './keepers.port.js';
import { keepTurn, type KeepParts } from './keep-turn.js';

const turn = { token: 't', base: undefined, sessionId: 's' };
const going = new AbortController().signal;

function parts(why?: string): KeepParts & { readonly kept: unknown[] } {
  const kept: unknown[] = [];
  const snapshots = {
    keep: async (one: unknown) => (kept.push(one), why === undefined ? { at: 7 } : { why }),
  } as unknown as SnapshotKeeper;
  return { kept, engine: {}, snapshots };
}

const aborted = (reason: string): AbortSignal => AbortSignal.abort(reason);

test.each([
  ['succeeded', 'succeeded', going, 1],
  ['was cancelled', 'interrupted', aborted('cancel'), 1],
  ['failed', 'failed', going, 0],
  ['was ended at its deadline', 'interrupted', aborted('deadline'), 0],
  ['goes back to the queue', 'interrupted', aborted('drain'), 0],
] as const)('a turn that %s', async (_what, kind, stop, times) => {
  const own = parts();
  const kept = await keepTurn({ kind }, turn, own, stop);
  expect([own.kept.length, kept]).toEqual([times, times === 1 ? { at: 7 } : undefined]);
});

test('a turn in which Claude Code had not begun leaves nothing to keep', async () => {
  const own = parts();
  await keepTurn({ kind: 'succeeded' }, { ...turn, sessionId: undefined }, own, going);
  expect(own.kept).toEqual([]);
});

test('a turn that could not be kept says so, with the reason', async () => {
  expect(await keepTurn({ kind: 'succeeded' }, turn, parts('it is too large'), going)).toEqual({
    why: 'it is too large',
  });
  const { snapshots: _, ...without } = parts();
  expect(await keepTurn({ kind: 'succeeded' }, turn, without, going)).toEqual({
    why: expect.stringContaining('takes no snapshots'),
  });
});

test('a Claude Code that is held stays alive where its last message is written in time; else it is ended first', async () => {
  for (const inTime of [true, false]) {
    const did: unknown[] = [];
    const engine = { holding: true, endHeld: async () => void did.push('ended') };
    const keep = async ({ lastMessage }: EndedTurn) => {
      did.push(lastMessage ?? 'all');
      return lastMessage === undefined || inTime ? { at: 7 } : { why: 'it is not there' };
    };
    const own = { ...parts(), engine, snapshots: { keep } as unknown as SnapshotKeeper };
    expect(await keepTurn({ kind: 'succeeded', lastMessage: 'm-1' }, turn, own, going)).toEqual({ at: 7 });
    expect(did).toEqual(inTime ? ['m-1'] : ['m-1', 'ended', 'all']);
  }
});
