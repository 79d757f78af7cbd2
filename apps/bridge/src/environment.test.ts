import { RemudaError } from '@remuda/domain';
import { expect, test } from 'vitest';
import { readEnvironment } from './environment.js';

function refusal(env: Readonly<Record<string, string>>): RemudaError {
  try {
    readEnvironment(env);
  } catch (error) {
    if (error instanceof RemudaError) return error;
  }
  throw new Error('The environment was taken.');
}

test('has a default for everything but the credential', () => {
  const { settings, credential } = readEnvironment({ ANTHROPIC_API_KEY: 'k' });
  expect(settings.modelUrl.href).toBe('https://api.anthropic.com/');
  expect(settings.port).toBeUndefined();
  expect(credential.kind).toBe('api-key');
});

test('a missing credential alone is credential.missing; with other faults it is one of them', () => {
  expect(refusal({}).code).toBe('credential.missing');
  const all = refusal({ REMUDA_BRIDGE_PORT: 'x', REMUDA_SOCKET_DIR: `/${'x'.repeat(120)}` });
  expect(all.code).toBe('config.invalid');
  expect(all.extra.faults?.map((fault) => fault.path)).toEqual([
    'REMUDA_BRIDGE_PORT',
    'ANTHROPIC_API_KEY, CLAUDE_CODE_OAUTH_TOKEN',
  ]);
});

test('a folder too long for a socket is a fault', () => {
  const { extra } = refusal({ ANTHROPIC_API_KEY: 'k', REMUDA_SOCKET_DIR: `/${'x'.repeat(120)}` });
  expect(extra.faults?.map((fault) => fault.path)).toEqual(['REMUDA_SOCKET_DIR']);
});

test('git is given the environment without the credential', () => {
  const { gitEnv } = readEnvironment({ ANTHROPIC_API_KEY: 'k', CLAUDE_CODE_OAUTH_TOKEN: 't', SSH_AUTH_SOCK: '/s' });
  expect(gitEnv).toEqual({ SSH_AUTH_SOCK: '/s' });
});
