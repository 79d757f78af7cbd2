import { describe, expect, test } from 'vitest';
import type { WorkerProfile } from '@remuda/protocol';
import { profile } from '@remuda/testing';
import { workerEnvironment } from './worker-environment.js';

const around = { namespace: 'n', socketDir: '/run/remuda', logLevel: 'info', drainMs: 10_000 };
const account = { username: 'remuda-w-1', password: 'pw' };

describe("a worker's environment", () => {
  test("holds its own account, not the scheduler's", () => {
    const redisUrl = 'redis://admin:secret@10.0.0.1:6379/2';
    const env = workerEnvironment('w-1', profile(), { ...around, reachesRedis: 'directly', redisUrl }, { account });
    expect(env['REMUDA_REDIS_URL']).toBe('redis://remuda-w-1:pw@10.0.0.1:6379/2');
    expect(JSON.stringify(env)).not.toContain('secret');
  });

  test('leads a container to Redis through the listener of the bridge', () => {
    const redisUrl = 'redis://admin:secret@10.0.0.1:6379/2';
    const env = workerEnvironment('w-1', profile(), { ...around, reachesRedis: 'by-bridge', redisUrl }, { account });
    expect(env['REMUDA_REDIS_URL']).toBe('redis+unix://remuda-w-1:pw@localhost/run/remuda/redis.sock?db=2');
  });

  test('leads a pod to the bridge over the network, with what it proves itself by', () => {
    const bridge = { url: new URL('https://bridge.example:7443'), ca: () => 'PEM' };
    const surroundings = { ...around, reachesRedis: 'directly', redisUrl: 'redis://x', bridge } as const;
    const env = workerEnvironment('w-1', profile(), surroundings, { account, bridgeCredential: 'secret' });
    expect(env).toMatchObject({
      REMUDA_BRIDGE: 'https://bridge.example:7443/',
      REMUDA_BRIDGE_CREDENTIAL: 'secret',
      REMUDA_BRIDGE_CA: 'PEM',
    });
  });

  test("offers Claude Code's search of the web only where the profile opens it", () => {
    const deniedIn = (more: object): unknown => {
      const made = profile({ tools: { deny: ['Bash'] }, ...more });
      const env = workerEnvironment(
        'w-1',
        made,
        { ...around, reachesRedis: 'directly', redisUrl: 'redis://x' },
        { account },
      );
      return (JSON.parse(env['REMUDA_WORKER_PROFILE'] ?? '') as WorkerProfile).engine.tools.deny;
    };
    expect(deniedIn({})).toEqual(['Bash', 'WebSearch']);
    expect(deniedIn({ serverTools: ['web_search'] })).toEqual(['Bash']);
  });
});
