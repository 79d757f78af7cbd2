import { jobMoves, jobStates, redrive, sessionMoves, sessionStates, workerMoves, workerPhases } from '@remuda/domain';
import { describe, expect, test } from 'vitest';
import { codeBlocks, readDocument, sections, tableRows } from './document.js';

const chapters = sections(readDocument('docs/states.md'), 2);

/** The arrows of a machine's table, as its diagram should have them. */
function arrows(moves: Readonly<Record<string, readonly string[]>>): readonly string[] {
  const [first = ''] = Object.keys(moves);
  const between = Object.entries(moves).flatMap(([from, all]) => all.map((to) => `${from} --> ${to}`));
  const over = Object.keys(moves).filter((state) => moves[state]?.length === 0);
  return [`[*] --> ${first}`, ...between, ...over.map((state) => `${state} --> [*]`)];
}

describe.each([
  ['Jobs', jobMoves, jobStates, [redrive]],
  ['Sessions', sessionMoves, sessionStates, []],
  ['Workers', workerMoves, workerPhases, []],
] as const)('docs/states.md on %s', (chapter, moves, states, acts) => {
  const text = chapters.get(chapter) ?? '';

  test('has a diagram with the arrows of the table, all of them and no other', () => {
    const [diagram = ''] = codeBlocks(text, 'mermaid');
    const drawn = diagram.split('\n').flatMap((line) => (line.includes('-->') ? [line.trim()] : []));
    const due = [...arrows(moves), ...acts.map(({ from, to }) => `${from} --> ${to}`)];
    expect(drawn.toSorted()).toEqual(due.toSorted());
  });

  test('says of every state what it means', () => {
    expect(tableRows(text).map(([state]) => state)).toEqual(states);
  });
});
