import { describe, expect, test } from 'vitest';
import { emptyResult, noUsage, type Assignment, type NewEvent, type PushOutcome } from '@remuda/domain';
import { InstantEngine, ManualClock, jobSpec } from '@remuda/testing';
import { Hold } from './hold.js';
import { carryOut, type AttemptParts } from './attempt.js';
import type { Kept } from './keepers.port.js';
import type { StopReason } from './stop-reason.js';

const assignment: Assignment = {
  job: 'j-1',
  attempt: 1,
  lease: 1,
  spec: jobSpec(),
  bridgeToken: 't',
  remainingMs: 60_000,
};
const git = {
  branch: 'main',
  base: 'a',
  head: 'b',
  commits: [],
  filesChanged: 1,
  insertions: 1,
  deletions: 0,
  patch: 'p',
};

function parts(own: Partial<AttemptParts> = {}): AttemptParts & { readonly told: NewEvent[] } {
  const told: NewEvent[] = [];
  return {
    told,
    engine: new InstantEngine(),
    workspace: {
      prepare: async () => undefined,
      collect: async () => ({ warnings: [] }),
      clear: async () => undefined,
    },
    ownToken: 'armed',
    hold: new Hold(),
    clock: new ManualClock(0),
    tell: (event) => told.push(event),
    ...own,
  };
}

const partial = { text: 'half', turns: 1, usage: noUsage, costUsd: 0.1 };

test("a turn's result becomes the outcome", async () => {
  const { outcome } = await carryOut(assignment, parts(), new AbortController().signal);
  expect(outcome).toMatchObject({ kind: 'succeeded', result: { text: 'ok: Say hello.' } });
});

test.each<[StopReason, object]>([
  ['cancel', { kind: 'cancelled', result: partial }],
  ['deadline', { kind: 'failed', failure: { code: 'job.timed_out' }, result: partial }],
  ['drain', { kind: 'failed', failure: { code: 'worker.drained' }, result: partial }],
])('a turn stopped by %s says so and keeps what there is', async (reason, expected) => {
  const stop = new AbortController();
  const engine = new InstantEngine(async () => {
    stop.abort(reason);
    return { kind: 'interrupted', result: partial };
  });
  const { outcome } = await carryOut(assignment, parts({ engine }), stop.signal);
  expect(outcome).toMatchObject(expected);
});

test('what a job left in its repository is in its result, and the patch not in the event', async () => {
  const given = parts({
    workspace: {
      prepare: async () => 'a',
      collect: async () => ({ git, warnings: ['w'] }),
      clear: async () => undefined,
    },
  });
  const spec = jobSpec({ workspace: { kind: 'git', url: 'https://example.org/r' } });
  const { outcome } = await carryOut({ ...assignment, spec }, given, new AbortController().signal);
  expect(outcome).toMatchObject({ kind: 'succeeded', result: { git, warnings: ['w'] } });
  expect(given.told.map((event) => event.type)).toEqual([
    'workspace.prepared',
    'attempt.warned',
    'workspace.collected',
  ]);
  expect(JSON.stringify(given.told)).not.toContain('"patch"');
});

test('a workspace that cannot be prepared fails the attempt with its own reason', async () => {
  const prepare = async () => Promise.reject(new Error('no route'));
  const { outcome } = await carryOut(
    assignment,
    parts({ workspace: { prepare, collect: async () => ({ warnings: [] }), clear: async () => undefined } }),
    new AbortController().signal,
  );
  expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'internal', message: 'no route' } });
});

test.each<[string, object, object]>([
  ['pushed', { state: 'pushed', commit: 'c', url: 'https://h/r' }, { told: 1, warnings: undefined }],
  [
    'pushed without the pull request that was wanted',
    { state: 'pushed', commit: 'c', url: 'https://h/r', pullRequest: { state: 'failed', message: 'too many' } },
    { told: 1, warnings: ['The commits are on remuda/j-1, but no pull request was opened: too many'] },
  ],
  [
    'not pushed',
    { state: 'failed', reason: 'refused', message: 'no' },
    { told: 0, warnings: ['Nothing was pushed to remuda/j-1: no'] },
  ],
])(
  'the commits of a job that has succeeded are %s, and it stays so',
  async (_, answer, { told, warnings }: { told?: number; warnings?: unknown }) => {
    const workspace = { kind: 'git', url: 'https://h/r' } as const;
    const spec = jobSpec({ workspace, git: { push: { credential: 'PUSH' } } });
    const own = parts({
      workspace: {
        prepare: async () => 'a',
        collect: async () => ({ git, warnings: [] }),
        clear: async () => undefined,
      },
      push: { push: async ({ branch }) => ({ branch, ...answer }) as PushOutcome },
    });
    const { outcome } = await carryOut({ ...assignment, spec }, own, new AbortController().signal);
    expect(outcome).toMatchObject({
      kind: 'succeeded',
      result: { git: { head: 'b', push: { ...answer, branch: 'remuda/j-1' } } },
    });
    expect(outcome.kind === 'succeeded' ? outcome.result.warnings : []).toEqual(warnings);
    expect(own.told.filter(({ type }) => type === 'workspace.pushed')).toHaveLength(told ?? 0);
  },
);

test('those of a job that has not succeeded are not pushed', async () => {
  const spec = jobSpec({ workspace: { kind: 'git', url: 'https://h/r' }, git: { push: { credential: 'PUSH' } } });
  const pushes: string[] = [];
  const own = parts({
    engine: new InstantEngine(async () => ({ kind: 'failed', failure: { code: 'engine.crashed', message: 'x' } })),
    workspace: { prepare: async () => 'a', collect: async () => ({ git, warnings: [] }), clear: async () => undefined },
    push: { push: async ({ branch }) => (pushes.push(branch), { state: 'pushed', branch }) },
  });
  expect(await carryOut({ ...assignment, spec }, own, new AbortController().signal)).toMatchObject({
    outcome: { kind: 'failed' },
  });
  expect(pushes).toEqual([]);
});

test('the programs of a snapshot under way have ended before the engine looks for what the job has left', async () => {
  const steps: string[] = [];
  const own = parts({
    engine: new InstantEngine(async (turn) => {
      await turn.beforeSweep?.();
      steps.push('swept');
      return { kind: 'interrupted' };
    }),
    snapshots: {
      watch: () => ({ note: () => undefined, stop: async () => void steps.push('stopped') }),
      restore: async () => ({ kind: 'restored' }),
      keep: async () => ({ why: 'none' }),
    },
  });
  await carryOut(assignment, own, new AbortController().signal);
  expect(steps.slice(0, 2)).toEqual(['stopped', 'swept']);
});

describe('the snapshot of a turn', () => {
  /** What was done in an attempt at a turn, one after the other. */
  function keeping(kept: Kept = { at: 7 }) {
    const steps: string[] = [];
    const keep = async (): Promise<Kept> => (steps.push('kept'), kept);
    const own = parts({
      engine: new InstantEngine(async (_turn, onEvent) => {
        onEvent({ type: 'session.started', at: 0, data: { sessionId: 's', model: 'm', tools: [] } });
        return { kind: 'succeeded', result: emptyResult() };
      }),
      files: { fill: async () => undefined, keep: async () => (steps.push('files'), []) },
      push: { push: async ({ branch }) => (steps.push('pushed'), { state: 'pushed', branch, commit: 'c', url: 'u' }) },
      workspace: {
        prepare: async () => 'a',
        collect: async () => (steps.push('collected'), { git, warnings: [] }),
        clear: async () => undefined,
      },
      snapshots: {
        watch: () => ({ note: () => undefined, stop: async () => undefined }),
        restore: async () => ({ kind: 'restored' }),
        keep,
      },
    });
    return { own, steps };
  }
  const turn: Assignment = { ...assignment, session: 's-1', answerFirst: true, spec: jobSpec({ artifacts: ['*'] }) };
  const going = new AbortController().signal;

  test('comes behind its outcome, which says so; files and changes come before', async () => {
    const { own, steps } = keeping();
    const { outcome, keep } = await carryOut(turn, own, going);
    expect(outcome).toMatchObject({ kind: 'succeeded', keeps: true });
    expect(steps).toEqual(['collected', 'files']);
    expect(await keep?.()).toEqual({ at: 7 });
    expect(steps).toEqual(['collected', 'files', 'kept']);
  });

  test('comes before it where commits are pushed, where its scheduler does not know the other way, and not for a job of no session', async () => {
    const pushes = jobSpec({ workspace: { kind: 'git', url: 'https://h/r' }, git: { push: { credential: 'PUSH' } } });
    const { session: _session, ...ofNone } = turn;
    for (const [one, expected] of [
      [{ ...turn, spec: pushes }, ['collected', 'kept', 'pushed']],
      [{ ...turn, answerFirst: false }, ['collected', 'files', 'kept']],
      [ofNone, ['collected', 'files']],
    ] as const) {
      const { own, steps } = keeping();
      const { outcome, keep } = await carryOut(one, own, going);
      expect([outcome.kind, 'keeps' in outcome, keep, steps]).toEqual(['succeeded', false, undefined, expected]);
    }
  });

  test('that was lost is told to the next turn, with what was said, and to those who read its result', async () => {
    const prompts: string[] = [];
    const engine = new InstantEngine(async ({ prompt }) => {
      prompts.push(prompt);
      return { kind: 'succeeded', result: emptyResult() };
    });
    const lacks = [{ turn: 2, job: 'j-0', reason: 'Its worker was lost.', prompt: 'Paint it.', answer: 'It is red.' }];
    const own = parts({ engine });
    const { outcome } = await carryOut({ ...turn, spec: jobSpec({ prompt: 'Which colour?' }), lacks }, own, going);
    expect(prompts[0]).toMatch(/You were asked: Paint it.[^]*You answered: It is red.[^]*Which colour\?$/);
    const said = expect.stringContaining('What turn 2 did to the files and the conversation is lost');
    expect(outcome).toMatchObject({ result: { warnings: [said] } });
    expect(own.told).toContainEqual(expect.objectContaining({ type: 'attempt.warned', data: { message: said } }));
  });
});
