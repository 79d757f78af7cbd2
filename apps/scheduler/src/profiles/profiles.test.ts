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

describe('the size of a pool', () => {
  const read = (pool: unknown) => readProfiles({ profiles: { a: { pool } } }, defaults)[0]?.pool;
  const faultsAt = (pool: unknown) => faultsOf({ profiles: { a: { pool } } });

  test('follows demand where warm is auto, by defaults that can be set', () => {
    expect(read({ warm: 'auto', max: 20 })).toEqual({
      ...{ warm: 1, max: 20 },
      follow: { min: 1, hitRate: 0.95, quietMs: 900_000 },
    });
    expect(read({ warm: 'auto', max: 3, min: 0, hitRate: 0.5, quietMs: 60_000 })).toEqual({
      ...{ warm: 0, max: 3 },
      follow: { min: 0, hitRate: 0.5, quietMs: 60_000 },
    });
  });

  test('has what belongs to demand with warm: auto only, and within its bounds', () => {
    expect(faultsAt({ warm: 1, min: 0, hitRate: 0.9 })).toEqual(['profiles.a.pool.min', 'profiles.a.pool.hitRate']);
    expect(faultsAt({ warm: 'auto', max: 2, min: 3, hitRate: 1.5, quietMs: 0 })).toEqual([
      ...['profiles.a.pool.min', 'profiles.a.pool.hitRate', 'profiles.a.pool.quietMs'],
    ]);
    expect(faultsAt({ warm: 'many' })).toEqual(['profiles.a.pool.warm']);
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

describe('what a profile says under kubernetes', () => {
  const read = (kubernetes: unknown) => readProfiles({ profiles: { a: { kubernetes } } }, defaults)[0]?.kubernetes;
  const enrol = { serviceAccounts: ['sa'] };
  const faultsAt = (kubernetes: unknown) => faultsOf({ profiles: { a: { kubernetes } } });

  test('counts as it is written', () => {
    const kubernetes = {
      nodeSelector: { pool: 'jobs' },
      tolerations: [{ key: 'jobs', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }],
      runtimeClassName: 'gvisor',
      priorityClassName: 'low',
      annotations: { 'example.com/team': 'a' },
      serviceAccountName: 'workers',
    };
    const volumes = [{ name: 'ca', mountPath: '/etc/ca', configMap: 'ca' }];
    expect(read({ ...kubernetes, volumes })).toEqual({
      ...kubernetes,
      volumes: [{ name: 'ca', mountPath: '/etc/ca', from: { configMap: 'ca' } }],
    });
  });

  test('is nothing where nothing is said', () => {
    expect(readProfiles({ profiles: { a: {} } }, defaults)[0]).not.toHaveProperty('kubernetes');
    expect(read({})).toEqual({});
  });

  test('says who may enrol, and that idle workers above the target stay unless it says otherwise', () => {
    const [read] = readProfiles({ profiles: { a: { kubernetes: { enrol } } } }, defaults);
    expect(read?.enrol).toEqual({ serviceAccounts: ['sa'], surplus: 'stay' });
    expect(read).not.toHaveProperty('kubernetes');
  });

  test('has no fields that there are not: the error names each', () => {
    expect(faultsAt({ nodeSelecter: {}, volumes: [{ name: 'x', mountPath: '/x', hostPath: '/' }] })).toEqual([
      'profiles.a.kubernetes.nodeSelecter',
      'profiles.a.kubernetes.volumes[0].hostPath',
      'profiles.a.kubernetes.volumes[0]',
    ]);
  });

  test.each([
    ['a secret as a volume', { volumes: [{ name: 'x', mountPath: '/x', secret: 'model' }] }, 'volumes[0].secret'],
    [
      'a volume over the workspace',
      { volumes: [{ name: 'x', mountPath: '/workspace/x', configMap: 'c' }] },
      'volumes[0].mountPath',
    ],
    [
      'a volume with the name of one of ours',
      { volumes: [{ name: 'home', mountPath: '/x', configMap: 'c' }] },
      'volumes[0].name',
    ],
    ['a name that is none', { runtimeClassName: 'g Visor' }, 'runtimeClassName'],
    ['pods that enrol and are made at the same time', { enrol, nodeSelector: {} }, 'nodeSelector'],
    ['nobody who may enrol', { enrol: { serviceAccounts: [] } }, 'enrol.serviceAccounts'],
    ['a service account that is none', { enrol: { serviceAccounts: ['a/b'] } }, 'enrol.serviceAccounts[0]'],
    ['surplus that goes nowhere', { enrol: { ...enrol, surplus: 'go' } }, 'enrol.surplus'],
    ['a number among annotations', { annotations: { a: 1 } }, 'annotations'],
    ['an effect that there is not', { tolerations: [{ effect: 'Always' }] }, 'tolerations[0].effect'],
  ])('refuses %s', (_, kubernetes, path) => {
    expect(faultsAt(kubernetes)).toContain(`profiles.a.kubernetes.${path}`);
  });
});

test('reads a script for workspaces and a cache, and refuses a folder of the host as one', () => {
  const [read] = readProfiles({ profiles: { node: { prepare: 'npm ci', cache: 'node-cache' } } }, defaults);
  expect(read).toMatchObject({ prepare: 'npm ci', cache: 'node-cache' });
  expect(() => readProfiles({ profiles: { node: { cache: '/var/cache' } } }, defaults)).toThrow(
    'profiles.node.cache: expected the name of a volume',
  );
  expect(() => readProfiles({ profiles: { node: { prepare: 'x'.repeat(65_537) } } }, defaults)).toThrow(
    'profiles.node.prepare: expected at most 65536 bytes',
  );
});
