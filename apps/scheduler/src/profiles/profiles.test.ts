import { describe, expect, test } from 'vitest';
import { RemudaError } from '@remuda/domain';
import { readProfiles } from './profiles.js';
import { fingerprint } from './profiles-file.js';

const defaults = { image: 'worker:1', warm: 2, max: 4 };

function faultsOf(content: unknown): readonly string[] {
  try {
    readProfiles(content, defaults);
    return [];
  } catch (error) {
    return error instanceof RemudaError ? (error.extra.faults ?? []).map((fault) => fault.path) : ['?'];
  }
}

describe('a profiles file', () => {
  test('a profile has its defaults where it says nothing', () => {
    const [profile] = readProfiles({ profiles: { review: null } }, defaults);
    expect(profile).toMatchObject({ name: 'review', image: 'worker:1', pool: { warm: 2, max: 4 }, network: 'none' });
    expect(profile).toMatchObject({
      recycle: { afterJobs: 1 },
      trustRepository: false,
      models: ['haiku'],
      serverTools: [],
    });
  });

  test('what it says counts', () => {
    const [profile] = readProfiles(
      {
        profiles: {
          big: {
            model: 'opus',
            models: ['sonnet'],
            serverTools: ['web_search', 'urls'],
            pool: { warm: 0, max: 9 },
            tools: { deny: ['Bash'] },
            trustRepository: true,
          },
        },
      },
      defaults,
    );
    expect(profile).toMatchObject({
      model: 'opus',
      models: ['sonnet'],
      serverTools: ['web_search', 'urls'],
      pool: { warm: 0, max: 9 },
      tools: { deny: ['Bash'] },
    });
  });

  test('a worker has no memory limit of its own unless the file names one', () => {
    const read = (recycle: object) => readProfiles({ profiles: { a: { recycle } } }, defaults)[0]?.recycle;
    expect(read({ aboveRssMb: 1_500 })?.aboveRssMb).toBe(1_500);
    expect(read({})).not.toHaveProperty('aboveRssMb');
  });

  test('all faults are found at once, each with its place', () => {
    const content = {
      profiles: {
        'Bad Name': {},
        a: {
          model: 7,
          models: 'haiku',
          serverTools: ['web'],
          pool: { warm: 9, max: 3 },
          colour: 'red',
          permissionMode: 'root',
        },
        b: { tools: { allow: 'Bash' }, recycle: { afterJobs: 0, aboveRssMb: 1 } },
      },
    };
    expect(faultsOf(content)).toEqual([
      'profiles.Bad Name',
      'profiles.a.colour',
      'profiles.a.pool.warm',
      'profiles.a.model',
      'profiles.a.models',
      'profiles.a.serverTools',
      'profiles.a.permissionMode',
      'profiles.b.tools.allow',
      'profiles.b.recycle.afterJobs',
      'profiles.b.recycle.aboveRssMb',
    ]);
  });

  test.each([[null], [[]], ['x'], [{}], [{ profiles: {} }], [{ profiles: [] }]])('%j is none', (content) => {
    expect(faultsOf(content).length).toBeGreaterThan(0);
  });
});

describe('the fingerprint', () => {
  const [profile] = readProfiles({ profiles: { a: {} } }, defaults);

  test('the size of the pool does not make a worker stale, anything else does', () => {
    if (!profile) throw new Error('no profile');
    const made = fingerprint(profile);
    expect(fingerprint({ ...profile, pool: { warm: 9, max: 9 } })).toBe(made);
    expect(fingerprint({ ...profile, model: 'other' })).not.toBe(made);
    expect(fingerprint({ ...profile, image: 'other' })).not.toBe(made);
  });
});
