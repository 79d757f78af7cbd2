import type { Newcomer } from '@remuda/domain';
import { profile } from '@remuda/testing';
import { describe, expect, test } from 'vitest';
import { admitted, type AdmissionFacts } from './admission.js';

const pool = profile({ pool: { warm: 0, max: 2 }, enrol: { serviceAccounts: ['sa'], surplus: 'stay' } });
const newcomer: Newcomer = { worker: 'e-1', name: 'p-1', serviceAccount: 'sa', isKnown: false };
const facts = (own: Partial<AdmissionFacts<typeof pool>> = {}) => ({
  ...{ newcomer, profile: pool, workers: [], drained: false },
  ...own,
});
const worker = (id: string, phase: 'starting' | 'idle' | 'draining' = 'idle', name = pool.name) => {
  return { id, phase, profile: name };
};

describe('a newcomer becomes a worker', () => {
  test('where the profile names its service account, and there is room', () => {
    expect(admitted(facts({ workers: [worker('e-2'), worker('x', 'idle', 'other')] }))).toBe(pool);
  });

  test('again, while it starts: its answer may have been lost, and it takes no further place', () => {
    const workers = [worker('e-1', 'starting'), worker('e-2')];
    expect(admitted(facts({ workers, newcomer: { ...newcomer, isKnown: true } }))).toBe(pool);
  });
});

describe('a newcomer becomes none', () => {
  test.each<[string, string, Partial<AdmissionFacts<typeof pool>>]>([
    ['profile.unknown', 'of a profile that there is not', { profile: undefined }],
    ['enrolment.refused', 'of a profile whose workers the scheduler makes', { profile: profile() }],
    ['enrolment.refused', 'by another service account', { newcomer: { ...newcomer, serviceAccount: 'default' } }],
    ['enrolment.spent', 'once it was warm', { workers: [worker('e-1')] }],
    ['enrolment.spent', 'of two profiles', { workers: [worker('e-1', 'starting', 'other')] }],
    ['enrolment.spent', 'when it was one and is gone', { newcomer: { ...newcomer, isKnown: true } }],
    ['enrolment.pool_full', 'beyond the maximum', { workers: [worker('e-2'), worker('e-3', 'draining')] }],
    ['enrolment.pool_full', 'of a pool that is drained', { drained: true }],
  ])('%s: %s', (code, _, own) => {
    expect(() => admitted(facts(own))).toThrow(expect.objectContaining({ code }));
  });
});
