import type { Again, Assignment, Engine, Snapshot } from '@remuda/domain';
import { jobSpec } from '@remuda/testing';
import { expect, test } from 'vitest';
import { Hold, mayHold } from './hold.js';

const sessionId = '00000000-0000-4000-8000-000000000001';
const origin: Snapshot = { sessionId, at: 5, lease: 1, bytes: 10, sessionBytes: 4 };
const next: Again = { kind: 'continue', origin };
const assignment = (own: Partial<Assignment> = {}): Assignment => ({
  ...{ job: 'j-2', attempt: 1, lease: 1, session: 's-1', remainingMs: 60_000, again: next },
  spec: jobSpec({ holdMs: 1_000 }),
  ...own,
});
const alive = { holding: true };

function holding(): Hold {
  const hold = new Hold();
  hold.keep({ session: 's-1', sessionId, at: 5, holdMs: 1_000 });
  return hold;
}

test('the next turn of the session that is held goes on with it', () => {
  expect(holding().fits(assignment(), alive)).toBe(true);
});

test.each<[string, Assignment]>([
  ['another session', assignment({ session: 's-2' })],
  ['a job without a session', assignment({ session: undefined } as unknown as Partial<Assignment>)],
  ['a turn from another snapshot', assignment({ again: { kind: 'continue', origin: { ...origin, at: 6 } } })],
  [
    'a turn of another conversation',
    assignment({ again: { kind: 'continue', origin: { ...origin, sessionId: 'x' } } }),
  ],
  ['a further attempt', assignment({ again: { kind: 'restart', reason: 'no_snapshot', origin } })],
  ['a turn with a schema', assignment({ spec: jobSpec({ outputSchema: {} }) })],
])('%s does not', (_what, other) => {
  expect(holding().fits(other, alive)).toBe(false);
});

test('nothing goes on with a Claude Code that has ended, or with what was dropped', () => {
  expect(holding().fits(assignment(), { holding: false })).toBe(false);
  const hold = holding();
  hold.drop();
  expect(hold.fits(assignment(), alive)).toBe(false);
});

test('a worker holds a session if it has a time to wait, snapshots, and an engine that can', () => {
  const engine = { endHeld: () => Promise.resolve() } as unknown as Engine;
  const parts = { engine, snapshots: {} };
  expect(mayHold(assignment(), parts)).toBe(true);
  expect(mayHold(assignment({ spec: jobSpec() }), parts)).toBe(false);
  expect(mayHold(assignment({ secrets: { A: 'x' } }), parts)).toBe(true);
  expect(mayHold(assignment(), { engine })).toBe(false);
  expect(mayHold(assignment(), { ...parts, engine: {} as Engine })).toBe(false);
});
