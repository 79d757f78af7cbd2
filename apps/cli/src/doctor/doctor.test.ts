import { ApiError, ConnectionError, type Pool } from '@remuda/client';
import { describe, expect, test } from 'vitest';
import { apiTrouble, nodeFinding } from './service-findings.js';
import { poolFindings } from './pool-findings.js';
import { readTrial } from './image-findings.js';

const pool: Pool = {
  ...{ profile: 'default', removed: false, warm: 2, max: 4, workers: { idle: 2, busy: 1 } },
  ...{ waiting: 0, delayed: 0, running: 1, suspended: false, halts: [] },
  starts: { atOnce: 1, limitMs: 60_000, failed: 0, heldMs: 0, waits: [] },
};

describe('a pool', () => {
  test('is well, with how many workers it has', () =>
    expect(poolFindings(pool)).toEqual([
      { check: 'pool default', ok: true, detail: '2 idle, 1 busy, 2 kept warm, at most 4; 0 jobs wait' },
    ]));

  test.each([
    [{ halts: [{ kind: 'paused', reason: 'lunch' }] } as unknown as Pool, 'paused: lunch', 'remuda resume default'],
    [{ starts: { ...pool.starts, failed: 3, failure: 'No image.' } } as Pool, '3 starts in a row failed', 'retry'],
    [{ removed: true, waiting: 2 } as Pool, '2 jobs wait, and no scheduler has the profile', 'profiles file'],
  ])('that is not well says why, and what to do: %j', (own, detail, cure) => {
    const [first] = poolFindings({ ...pool, ...own });
    expect(first).toMatchObject({ ok: false });
    expect(first?.detail).toContain(detail);
    expect(first?.cure).toContain(cure);
  });

  test('that no scheduler has is told, unless it was removed and nothing waits', () => {
    const { starts: _starts, ...alone } = pool;
    expect(poolFindings(alone)).toMatchObject([{ ok: false, detail: 'no scheduler looks after it' }]);
    expect(poolFindings({ ...alone, removed: true })).toEqual([]);
  });

  test('that is full is worth knowing, and no fault', () =>
    expect(poolFindings({ ...pool, workers: { busy: 4 }, waiting: 9 })).toMatchObject([
      { ok: undefined, detail: '9 jobs wait: all of its 4 workers are busy' },
    ]));
});

test('trouble with the api is told by its cause', () => {
  const url = 'http://x';
  expect(apiTrouble(new ConnectionError(url, new Error('refused')), url).cure).toContain('remuda up');
  expect(apiTrouble(new ApiError(401, 'token.missing', 'None.'), url)).toMatchObject({ check: 'token' });
  expect(apiTrouble(new ApiError(403, 'token.scope_missing', 'Needs jobs:read.'), url).detail).toContain('jobs:read');
  expect(apiTrouble(new SyntaxError('not JSON'), url).cure).toContain('address of Remuda');
});

test('Node.js has to be recent enough', () => {
  const versions = ['18.20.0', '20.18.9', '20.19.0', '24.1.0'];
  expect(versions.map((version) => nodeFinding(version).ok)).toEqual([false, false, true, true]);
});

test('what a trial printed is read, and the rest is left out', () =>
  expect(readTrial('ok\tnode\tv24\t\nnoise\nbad\tuser\tnobody\tleave it\nnote\ttmux\tnone\tinstall it\n')).toEqual([
    { check: 'node', ok: true, detail: 'v24' },
    { check: 'user', ok: false, detail: 'nobody', cure: 'leave it' },
    { check: 'tmux', ok: undefined, detail: 'none', cure: 'install it' },
  ]));
