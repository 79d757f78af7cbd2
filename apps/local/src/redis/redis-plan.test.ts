import { describe, expect, test } from 'vitest';
import { adviseRedis, planRedis, type RedisFacts } from './redis-plan.js';

const bare: RedisFacts = { docker: false, root: false, managers: [] };
const kinds = (facts: Partial<RedisFacts>): string[] => planRedis({ ...bare, ...facts }).map((way) => way.kind);

describe('the plan for a Redis', () => {
  test('takes the given one, and no other in its place', () => {
    expect(planRedis({ url: 'redis://r', server: '/r', docker: true, root: true, managers: ['apt-get'] })).toEqual([
      { kind: 'given', url: 'redis://r' },
    ]);
  });

  test('prefers a server on PATH to Docker, and Docker to an installation', () => {
    expect(kinds({ server: '/usr/bin/valkey-server', docker: true, root: true, managers: ['apt-get'] })).toEqual([
      'server',
      'docker',
      'install',
    ]);
  });

  test('installs as root only with the system manager, and without root only with brew', () => {
    expect(planRedis({ ...bare, root: true, managers: ['brew', 'apk'] })).toMatchObject([{ manager: 'apk' }]);
    expect(planRedis({ ...bare, root: false, managers: ['apt-get', 'brew'] })).toMatchObject([{ manager: 'brew' }]);
    expect(kinds({ root: false, managers: ['apt-get', 'dnf', 'apk'] })).toEqual([]);
  });

  test('is empty on a machine with nothing, and the advice names one command to type', () => {
    expect(kinds({})).toEqual([]);
    expect(adviseRedis({ managers: [] })).toContain('docker run');
    expect(adviseRedis({ managers: ['apt-get'] })).toContain('sudo apt-get install');
    expect(adviseRedis({ managers: ['brew'] })).toMatch(/Run: brew install redis$/);
  });
});
