import { describe, expect, test } from 'vitest';
import { annotation } from '../labels.js';
import { restartsNow, seenPod, type RawPod } from './seen-pod.js';

const ended = { terminated: { exitCode: 137, reason: 'OOMKilled' } };
const running = { running: {} };
const backedOff = { waiting: { reason: 'CrashLoopBackOff' } };

/** The worker's container, of a pod that enrolled after so many starts anew. */
function stateAfter(before: string | undefined, restartCount: number, state: object, lastState = {}) {
  const raw: RawPod = {
    metadata: before === undefined ? {} : { annotations: { [annotation.restarts]: before } },
    status: { containerStatuses: [{ name: 'worker', restartCount, state, lastState }] },
  };
  return seenPod(raw).containers[0]?.state;
}

describe('the container of a worker that enrolled', () => {
  test('runs as long as it was not started once more', () => {
    expect(stateAfter('2', 2, running, ended)).toEqual({ kind: 'running' });
  });

  test.each<[string, number, object]>([
    ['was started once more', 3, running],
    ['is to be started once more', 2, backedOff],
  ])('has ended where it %s, as it did before that', (_, restarts, state) => {
    expect(stateAfter('2', restarts, state, ended)).toEqual({ kind: 'terminated', exitCode: 137, reason: 'OOMKilled' });
  });

  test('has ended where its node says so', () => {
    expect(stateAfter('2', 2, ended)).toMatchObject({ kind: 'terminated', exitCode: 137 });
  });

  test.each<[string, object]>([
    ['ended', ended],
    ['waits', backedOff],
  ])('is not the one before it, of which its node still says that it %s', (_, state) => {
    expect(stateAfter('2', 1, state, ended)).toEqual({ kind: 'running' });
  });
});

test('a container of a pod that never enrolled is as its node says', () => {
  expect(stateAfter(undefined, 3, running, ended)).toEqual({ kind: 'running' });
});

test.each<[string, object, number]>([
  ['runs', running, 1],
  ['is being made', { waiting: { reason: 'ContainerCreating' } }, 1],
  ['ended, while it already runs again', ended, 2],
  ['waits, while it already runs again', backedOff, 2],
])('a newcomer whose container, its node says, %s', (_, state, restarts) => {
  const raw: RawPod = { status: { containerStatuses: [{ name: 'worker', restartCount: 1, state }] } };
  expect(restartsNow(seenPod(raw).containers[0]!)).toBe(restarts);
});
