import { expect, test } from 'vitest';
import { match, type Candidate } from './match.js';

type Named = Candidate & { readonly id: string };

const free: readonly Named[] = [{ id: 'a' }, { id: 'b' }, { id: 'c', cold: true }];

test('the worker that became free last carries out a job, so that the others can leave', () => {
  expect(match<Named>({ usesWarmth: true }, [{ id: 'a' }, { id: 'b' }])).toEqual({ id: 'b' });
});

test('a warm worker comes before a cold one', () => {
  expect(match({ usesWarmth: true }, free)).toEqual({ id: 'b' });
});

test('a cold worker is better than none', () => {
  expect(match<Named>({ usesWarmth: true }, [{ id: 'c', cold: true }])).toEqual({ id: 'c', cold: true });
});

test('a job that needs a process of its own does not ask for a warm one', () => {
  expect(match({ usesWarmth: false }, free)).toEqual({ id: 'c', cold: true });
});

test('nobody is found where nobody is free', () => {
  expect(match<Named>({ usesWarmth: true }, [])).toBeUndefined();
});
