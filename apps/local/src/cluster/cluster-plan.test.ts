import { describe, expect, test } from 'vitest';
import { planEnvironments, type ClusterPlaces } from './cluster-plan.js';

const places: ClusterPlaces = {
  redisUrl: 'redis://r',
  namespace: 'n',
  runtime: 'process',
  dir: '/tmp/d',
  secretsKey: 'made-up',
  apiPort: 1,
  schedulerPort: 2,
  bridgePort: 3,
};
const env = { PATH: '/bin', ANTHROPIC_API_KEY: 'sk-secret', CLAUDE_CODE_OAUTH_TOKEN: 'oauth-secret' };

describe('the environment of the apps', () => {
  test('has the credential in the bridge alone', () => {
    const planned = planEnvironments(env, places);
    expect(planned.bridge).toMatchObject(env);
    expect(JSON.stringify([planned.api, planned.scheduler])).not.toMatch(/-secret/);
  });

  test('has one key for secrets in api and scheduler: the own one, if it is set', () => {
    for (const [own, key] of [
      [env, 'made-up'],
      [{ ...env, REMUDA_SECRETS_KEY: 'chosen' }, 'chosen'],
    ] as const) {
      const { api, scheduler, bridge } = planEnvironments(own, places);
      expect([api['REMUDA_SECRETS_KEY'], scheduler['REMUDA_SECRETS_KEY']]).toEqual([key, key]);
      expect(bridge['REMUDA_SECRETS_KEY']).toBeUndefined();
    }
  });

  test('has the secrets that jobs can name in the scheduler alone', () => {
    const { api, scheduler, bridge } = planEnvironments({ ...env, REMUDA_SECRET_TOKEN: 'for-jobs' }, places);
    expect(scheduler['REMUDA_SECRET_TOKEN']).toBe('for-jobs');
    expect(JSON.stringify([api, bridge])).not.toContain('for-jobs');
  });

  test('has the secrets that sign webhooks and push commits in the bridge alone', () => {
    const signing = { REMUDA_SECRET_WEBHOOK_SECRET: 'to-sign', REMUDA_SECRET_PUSH_GITHUB: 'to-push' };
    const { api, scheduler, bridge } = planEnvironments({ ...env, ...signing }, places);
    expect(bridge).toMatchObject(signing);
    for (const value of Object.values(signing)) expect(JSON.stringify([api, scheduler])).not.toContain(value);
  });

  test('has no credential anywhere when the model is the scripted one', () => {
    const planned = planEnvironments(env, { ...places, scriptedModelUrl: 'http://127.0.0.1:4' });
    expect(JSON.stringify(planned)).not.toMatch(/-secret/);
    expect(planned.bridge).toMatchObject({ REMUDA_MODEL_URL: 'http://127.0.0.1:4', REMUDA_MODEL_CREDENTIAL: 'none' });
  });

  test('names the same Redis, namespace and sockets to all, whatever the user has set', () => {
    const planned = planEnvironments({ ...env, REMUDA_NAMESPACE: 'other', REMUDA_SOCKET_DIR: '/elsewhere' }, places);
    for (const one of Object.values(planned))
      expect(one).toMatchObject({
        REMUDA_REDIS_URL: 'redis://r',
        REMUDA_NAMESPACE: 'n',
        REMUDA_SOCKET_DIR: '/tmp/d/s',
      });
  });
});
