import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { permissionModes, type PermissionMode } from '../jobs/job.js';
import { spareMemory, spareNeedOf, spareOf, type SeenNeed } from './spare.js';

const mode = fc.constantFrom(...permissionModes);
const need: fc.Arbitrary<SeenNeed> = fc.record({
  permissionMode: mode,
  agoMs: fc.nat(2 * spareMemory.ms),
  jobsSince: fc.nat(2 * spareMemory.jobs),
});
const needs = fc.uniqueArray(need, { selector: ({ permissionMode }) => permissionMode });
const isRecent = ({ agoMs, jobsSince }: SeenNeed): boolean => agoMs < spareMemory.ms && jobsSince < spareMemory.jobs;

describe('the spare of a pool', () => {
  test('is there right after a job had use for one, whatever its permission mode', () => {
    fc.assert(
      fc.property(mode, mode, (permissionMode, launched) => {
        const just = { permissionMode, agoMs: 0, jobsSince: 0 };
        expect(spareOf([just], launched)).toEqual(just);
      }),
    );
  });

  test('is there exactly if one of the last jobs had use for it, and says which', () => {
    fc.assert(
      fc.property(needs, mode, (seen, launched) => {
        const spare = spareOf(seen, launched);
        if (seen.some(isRecent)) expect(seen.filter(isRecent)).toContainEqual(spare);
        else expect(spare).toBeUndefined();
      }),
    );
  });

  test('ends with time and with jobs, and neither brings one back', () => {
    const passed = fc.record({ ms: fc.nat(spareMemory.ms), jobs: fc.nat(spareMemory.jobs) });
    fc.assert(
      fc.property(needs, mode, passed, (seen, launched, { ms, jobs }) => {
        const later = seen.map((each) => ({ ...each, agoMs: each.agoMs + ms, jobsSince: each.jobsSince + jobs }));
        if (spareOf(seen, launched) === undefined) expect(spareOf(later, launched)).toBeUndefined();
      }),
    );
  });

  test('does not depend on the order in which the needs are told', () => {
    fc.assert(
      fc.property(needs, mode, (seen, launched) => {
        expect(spareOf(seen.toReversed(), launched)?.agoMs).toBe(spareOf(seen, launched)?.agoMs);
      }),
    );
  });

  test('is one in the profile’s own mode where several are needed: it serves prompts and schemas', () => {
    const seen = [
      { permissionMode: 'plan', agoMs: 0, jobsSince: 0 },
      { permissionMode: 'default', agoMs: 60_000, jobsSince: 19 },
    ] as const;
    expect(spareOf(seen, 'default')).toBe(seen[1]);
    expect(spareOf(seen, 'bypassPermissions')).toBe(seen[0]);
  });
});

describe('a job has use for a spare', () => {
  const profile = { permissionMode: 'bypassPermissions', trustRepository: false, engine: 'stream' } as const;
  const empty = { workspace: { kind: 'empty' } } as const;
  const git = { workspace: { kind: 'git', url: 'https://git.example/a.git' } } as const;

  test.each<[string, PermissionMode | undefined, Parameters<typeof spareNeedOf>]>([
    ['not if it is as its profile', undefined, [empty, profile]],
    [
      'not if the warm process can change to its mode',
      undefined,
      [{ ...empty, permissionMode: 'acceptEdits' }, profile],
    ],
    ['if it has its own system prompt', 'bypassPermissions', [{ ...empty, appendSystemPrompt: 'x' }, profile]],
    ['if it has its own schema', 'bypassPermissions', [{ ...git, outputSchema: {} }, profile]],
    ['in plan mode, if it plans', 'plan', [{ ...empty, permissionMode: 'plan', outputSchema: {} }, profile]],
    [
      'not in a terminal',
      undefined,
      [
        { ...empty, appendSystemPrompt: 'x' },
        { ...profile, engine: 'tmux' },
      ],
    ],
    [
      'not in a trusted repository, for which all processes are restarted',
      undefined,
      [
        { ...git, appendSystemPrompt: 'x' },
        { ...profile, trustRepository: true },
      ],
    ],
  ])('%s', (_, wanted, asked) => {
    expect(spareNeedOf(...asked)).toBe(wanted);
  });
});
