import { expect, test } from 'vitest';
import { RemudaError, type Again, type Assignment, type NewEvent, type Snapshot } from '@remuda/domain';
import { InstantEngine, ManualClock, jobSpec } from '@remuda/testing';
import { begin, type BeginParts } from './begin.js';
import type { SnapshotKeeper } from './keepers.port.js';

const snapshot: Snapshot = { sessionId: 's', at: 1_000, lease: 1, bytes: 10, sessionBytes: 5, base: 'abc' };
const never = new AbortController().signal;

function assignment(again?: Again): Assignment {
  return {
    job: 'j-1',
    attempt: 2,
    lease: 2,
    spec: jobSpec({ prompt: 'Do it.' }),
    remainingMs: 60_000,
    ...(again ? { again } : {}),
  };
}

function keeper(restore: SnapshotKeeper['restore']): SnapshotKeeper {
  return {
    restore,
    keep: async () => ({ at: 1 }),
    watch: () => ({ note: () => undefined, stop: async () => undefined }),
  };
}

function parts(own: Partial<BeginParts> = {}) {
  const told: NewEvent[] = [];
  const done: string[] = [];
  return {
    told,
    done,
    engine: new InstantEngine(),
    workspace: {
      prepare: async () => (done.push('prepare'), 'base'),
      collect: async () => ({ warnings: [] }),
      clear: async () => void done.push('clear'),
    },
    clock: new ManualClock(0),
    tell: (event: NewEvent) => void told.push(event),
    ...own,
  };
}

const data = (told: readonly NewEvent[]) => told.map(({ type, data: said }) => [type, said]);

test('a first attempt begins with the prompt, and says nothing of it', async () => {
  const own = parts();
  expect(await begin(assignment(), 't', own, never)).toEqual({ prompt: 'Do it.', base: 'base', freshFiles: false });
  expect(own.told).toEqual([]);
});

test('a repository puts files into the workspace, which the engine is told of', async () => {
  const first = assignment();
  const git = {
    ...first,
    spec: { ...first.spec, workspace: { kind: 'git', url: 'https://example.com/a.git' } as const },
  };
  expect(await begin(git, 't', parts(), never)).toMatchObject({ base: 'base', freshFiles: true });
});

test('a session that was brought back is gone on with: its base stays, and its files are not prepared again', async () => {
  const own = parts({ snapshots: keeper(async () => ({ kind: 'restored' })) });
  const begun = await begin(assignment({ kind: 'resume', snapshot }), 't', own, never);
  expect(begun.base).toBe('abc');
  expect(begun.prompt).toContain('1970-01-01T00:00:01.000Z');
  expect(begun.prompt).not.toContain('Do it.');
  expect(own.done).toEqual([]);
  expect(data(own.told)).toEqual([['attempt.resumed', { sessionId: 's', snapshotAt: 1_000, bytes: 10 }]]);
});

const brokenEngine = Object.assign(new InstantEngine(), {
  resume: async () => Promise.reject(new RemudaError('engine.start_failed', 'no such session')),
});

test.each<[string, Partial<BeginParts>, object]>([
  ['there is no listener', {}, { reason: 'unavailable', message: 'This worker has no snapshots.' }],
  [
    'it is gone',
    { snapshots: keeper(async () => ({ kind: 'unavailable', message: 'gone' })) },
    { reason: 'unavailable', message: 'gone' },
  ],
  [
    'it is broken',
    { snapshots: keeper(() => Promise.reject(new RemudaError('workspace.failed', 'not gzip'))) },
    { reason: 'broken', message: 'not gzip' },
  ],
  [
    'the engine refuses it',
    { snapshots: keeper(async () => ({ kind: 'restored' })), engine: brokenEngine },
    { reason: 'refused', message: 'no such session' },
  ],
])('where %s, the prompt runs again in an emptied workspace', async (_, own, said) => {
  const all = parts(own);
  const begun = await begin(assignment({ kind: 'resume', snapshot }), 't', all, never);
  expect(begun).toEqual({ prompt: 'Do it.', base: 'base', freshFiles: false });
  expect(all.done).toEqual(['clear', 'prepare']);
  expect(data(all.told).at(-1)).toEqual(['attempt.restarted', said]);
});

test('what fails once is tried again, and said', async () => {
  let tries = 0;
  const restore: SnapshotKeeper['restore'] = () =>
    ++tries === 1
      ? Promise.reject(new RemudaError('workspace.failed', 'torn'))
      : Promise.resolve({ kind: 'restored' as const });
  const own = parts({ snapshots: keeper(restore) });
  await begin(assignment({ kind: 'resume', snapshot }), 't', own, never);
  expect(data(own.told)).toEqual([
    ['attempt.warned', { message: 'The session was not resumed, and is tried once more: torn' }],
    ['attempt.resumed', { sessionId: 's', snapshotAt: 1_000, bytes: 10 }],
  ]);
  expect(own.done).toEqual([]);
});

test('what was decided before is said', async () => {
  const own = parts();
  await begin(assignment({ kind: 'restart', reason: 'asked' }), 't', own, never);
  expect(data(own.told)).toEqual([['attempt.restarted', { reason: 'asked' }]]);
});

test('an attempt that is to be ended meanwhile is not begun', async () => {
  const stop = new AbortController();
  const own = parts({ snapshots: keeper(async () => (stop.abort('cancel'), { kind: 'restored' })) });
  await expect(begin(assignment({ kind: 'resume', snapshot }), 't', own, stop.signal)).rejects.toBe('cancel');
  expect(own.told).toEqual([]);
});

const origin: Snapshot = { sessionId: 'o', at: 500, lease: 1, bytes: 20, sessionBytes: 5, base: 'first' };

test('a turn of a session takes up what the turn before has left, and begins with its own prompt', async () => {
  const asked: unknown[] = [];
  const snapshots = keeper(async (which, { of }) => (asked.push([which, of]), { kind: 'restored' } as const));
  const own = parts({ snapshots });
  const begun = await begin(assignment({ kind: 'continue', origin }), 't', own, never);
  expect(begun).toEqual({ prompt: 'Do it.', base: 'first', freshFiles: false });
  expect(asked).toEqual([[origin, 'origin']]);
  expect(own.done).toEqual([]);
  expect(data(own.told)).toEqual([['attempt.resumed', { sessionId: 'o', snapshotAt: 500, bytes: 20 }]]);
});

test('a turn that cannot go on with its own snapshot begins again from that of the turn before', async () => {
  const snapshots = keeper(async (_which, { of }) =>
    of === 'origin' ? ({ kind: 'restored' } as const) : ({ kind: 'unavailable', message: 'none' } as const),
  );
  const own = parts({ snapshots });
  const begun = await begin(assignment({ kind: 'resume', snapshot, origin }), 't', own, never);
  expect(begun).toEqual({ prompt: 'Do it.', base: 'first', freshFiles: false });
  expect(own.told.map(({ type }) => type)).toEqual(['attempt.restarted', 'attempt.resumed']);
});

test.each<[string, Partial<BeginParts>, RegExp]>([
  ['is gone', { snapshots: keeper(async () => ({ kind: 'unavailable', message: 'none' })) }, /unavailable/],
  [
    'is broken',
    { snapshots: keeper(() => Promise.reject(new RemudaError('workspace.failed', 'not gzip'))) },
    /not gzip/,
  ],
  ['is refused', { snapshots: keeper(async () => ({ kind: 'restored' })), engine: brokenEngine }, /no such session/],
])('a turn whose session %s does not begin without it', async (_, own, message) => {
  const all = parts(own);
  const begun = begin(assignment({ kind: 'continue', origin }), 't', all, never);
  await expect(begun).rejects.toMatchObject({
    code: 'session.lost',
    message: expect.stringMatching(message) as string,
  });
  expect(all.done).toEqual([]);
});

const fromGit = (again?: Again): Assignment => {
  const first = assignment(again);
  return { ...first, spec: { ...first.spec, workspace: { kind: 'git', url: 'https://example.com/a.git' } } };
};

/** A workspace that a script prepares, which ends like this. */
function scripted(ended: { ok: boolean; how: string; output: string }) {
  const ran: object[] = [];
  const own = parts();
  const script = {
    text: '\nnpm ci\nnpm run build\n',
    run: async (tools: object) => {
      ran.push(tools);
      own.done.push('script');
      return ended;
    },
  };
  return { ...own, ran, workspace: { ...own.workspace, script } };
}

test("the profile's script prepares a workspace with files, once they are there, with the environment of the tools", async () => {
  const own = scripted({ ok: true, how: 'ended with exit code 0', output: 'added 1 package' });
  const tools = { env: { TOKEN: 'x' }, egressProxy: 'http://127.0.0.1:1' };
  await begin(fromGit(), 't', { ...own, tools }, never);
  expect(own.done).toEqual(['prepare', 'script']);
  expect(own.ran).toEqual([tools]);
  expect(data(own.told)).toEqual([
    ['workspace.prepared', { kind: 'git', ms: 0, commit: 'base' }],
    ['prepare.started', { script: 'npm ci' }],
    ['prepare.ended', { ok: true, ms: 0, output: 'added 1 package' }],
  ]);
});

test('a job whose workspace the script cannot prepare fails with its last lines', async () => {
  const own = scripted({ ok: false, how: 'ended with exit code 1', output: 'npm error 404' });
  const begun = begin(fromGit(), 't', own, never);
  await expect(begun).rejects.toMatchObject({
    code: 'workspace.failed',
    message: "The profile's prepare script ended with exit code 1.\nnpm error 404",
  });
});

test('no script runs without files, nor after a session was brought back', async () => {
  const own = scripted({ ok: true, how: '', output: '' });
  await begin(assignment(), 't', own, never);
  const snapshots = keeper(async () => ({ kind: 'restored' }));
  await begin(fromGit({ kind: 'resume', snapshot }), 't', { ...own, snapshots }, never);
  await begin(fromGit({ kind: 'continue', origin: snapshot }), 't', { ...own, isHeld: true }, never);
  expect(own.ran).toEqual([]);
});
