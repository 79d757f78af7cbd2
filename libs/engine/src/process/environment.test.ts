import { describe, expect, it } from 'vitest';
import { environmentOf, reservedNames, type EnvironmentAim } from './environment.js';

describe('the environment', () => {
  const aim: EnvironmentAim = {
    base: {
      PATH: '/bin',
      LANG: 'C',
      ANTHROPIC_API_KEY: 'secret',
      CLAUDE_CODE_X: 'x',
      REMUDA_REDIS_URL: 'r',
      AWS_SECRET: 's',
    },
    home: '/h',
    bridge: { socket: '/run/model.sock' },
    scope: 'abc',
    root: false,
    modelRetries: 4,
    toolsEnv: '/h/t.sh',
  };

  it('takes over nothing but harmless names', () => {
    const env = environmentOf(aim);
    expect(env).toMatchObject({
      PATH: '/bin',
      LANG: 'C',
      HOME: '/h',
      REMUDA_SCOPE: 'abc',
      ANTHROPIC_AUTH_TOKEN: 'remuda-idle',
    });
    expect(JSON.stringify(env)).not.toContain('secret');
    for (const name of ['ANTHROPIC_API_KEY', 'CLAUDE_CODE_X', 'REMUDA_REDIS_URL', 'AWS_SECRET', 'IS_SANDBOX'])
      expect(env).not.toHaveProperty(name);
  });

  it('names the bridge by its socket or by its URL', () => {
    expect(environmentOf(aim)).toMatchObject({
      ANTHROPIC_UNIX_SOCKET: '/run/model.sock',
      ANTHROPIC_BASE_URL: 'http://api.internal',
    });
    const byUrl = environmentOf({ ...aim, bridge: { url: 'http://127.0.0.1:1' }, root: true });
    expect(byUrl).toMatchObject({ ANTHROPIC_BASE_URL: 'http://127.0.0.1:1', IS_SANDBOX: '1' });
    expect(byUrl).not.toHaveProperty('ANTHROPIC_UNIX_SOCKET');
  });

  it('is not a job’s to redirect', () => {
    expect(
      reservedNames({ ANTHROPIC_BASE_URL: '', CLAUDE_CONFIG_DIR: '', REMUDA_SCOPE: '', HOME: '', API_KEY: '' }),
    ).toEqual(['ANTHROPIC_BASE_URL', 'CLAUDE_CONFIG_DIR', 'REMUDA_SCOPE', 'HOME']);
  });
});
