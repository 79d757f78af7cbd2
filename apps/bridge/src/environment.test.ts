import { RemudaError } from '@remuda/domain';
import { describe, expect, test } from 'vitest';
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

describe('the listener over TCP', () => {
  const faultsOf = (env: Readonly<Record<string, string>>): readonly string[] => {
    try {
      readEnvironment({ ANTHROPIC_API_KEY: 'k', ...env });
      return [];
    } catch (error) {
      if (!(error instanceof RemudaError)) throw error;
      return (error.extra.faults ?? []).map(({ path, message }) => `${path}: ${message}`);
    }
  };
  const listen = { REMUDA_BRIDGE_LISTEN: '0.0.0.0:7443' };
  const certificate = { REMUDA_BRIDGE_TLS_CERT: '/tls.crt', REMUDA_BRIDGE_TLS_KEY: '/tls.key' };

  test('has a certificate and its key, or says that it has none', () => {
    expect(faultsOf({ ...listen, ...certificate })).toEqual([]);
    expect(faultsOf({ ...listen, REMUDA_BRIDGE_PLAIN: '1' })).toEqual([]);
    for (const half of [{}, { REMUDA_BRIDGE_TLS_CERT: '/tls.crt' }, { REMUDA_BRIDGE_TLS_KEY: '/tls.key' }])
      expect(faultsOf({ ...listen, ...half })).toEqual([expect.stringContaining('REMUDA_BRIDGE_PLAIN=1')]);
    expect(faultsOf({ ...listen, ...certificate, REMUDA_BRIDGE_PLAIN: '1' })).toEqual([
      expect.stringContaining('cannot be combined'),
    ]);
  });

  test('is needed by a bridge without sockets', () => {
    expect(faultsOf({ REMUDA_BRIDGE_SOCKETS: 'off' })).toEqual([expect.stringContaining('REMUDA_BRIDGE_LISTEN')]);
    expect(faultsOf({ REMUDA_BRIDGE_SOCKETS: 'off', ...listen, ...certificate })).toEqual([]);
  });

  test.each(['7443', ':7443', 'host', 'host:', 'host:70000', 'http://host:1', '::1:7443', 'a b:1'])(
    '%j is no address for it',
    (value) => {
      expect(faultsOf({ REMUDA_BRIDGE_LISTEN: value, ...certificate })).toEqual([
        expect.stringContaining('such as 0.0.0.0:7443'),
      ]);
    },
  );

  test.each([
    ['0.0.0.0:7443', { host: '0.0.0.0', port: 7443 }],
    ['[::]:7443', { host: '::', port: 7443 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
  ])('%j is one', (value, wanted) => {
    const env = { ANTHROPIC_API_KEY: 'k', REMUDA_BRIDGE_LISTEN: value, ...certificate };
    expect(readEnvironment(env).settings.listen).toEqual(wanted);
  });
});
