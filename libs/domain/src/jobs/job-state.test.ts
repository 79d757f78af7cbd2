import { describe, expect, test } from 'vitest';
import { canMove, isHeld, isOver, jobMoves, jobStates, redrive } from './job-state.js';
import { workerMoves, workerPhases } from '../pools/worker-phase.js';

describe('the states of a job', () => {
  test('every state can be reached from queued, and an end from every state', () => {
    expect(reachable(jobMoves, 'queued')).toEqual(new Set(jobStates));
    for (const state of jobStates) expect([...reachable(jobMoves, state)].some((each) => isOver(each))).toBe(true);
  });

  test('what is over stays so, but for a redrive', () => {
    const back = jobStates
      .filter(isOver)
      .flatMap((from) => jobStates.filter((to) => canMove(from, to)).map((to) => ({ from, to })));
    expect(back).toEqual([redrive]);
    expect(isOver(redrive.from)).toBe(true);
  });

  test('a job that a worker holds can go back to the queue', () => {
    for (const state of jobStates.filter(isHeld)) expect(canMove(state, 'queued')).toBe(true);
  });
});

test('every phase of a worker leads to its being gone', () => {
  for (const phase of workerPhases) expect(reachable(workerMoves, phase).has('gone')).toBe(true);
});

function reachable<S extends string>(moves: Readonly<Record<S, readonly S[]>>, from: S): Set<S> {
  const seen = new Set<S>([from]);
  for (const state of seen) for (const next of moves[state]) seen.add(next);
  return seen;
}
