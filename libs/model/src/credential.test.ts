import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { chooseCredential } from './credential.js';

const anthropic = new URL('https://api.anthropic.com');
const own = new URL('http://127.0.0.1:9');

test('an API key wins over an OAuth token', () => {
  const credential = chooseCredential({ apiKey: 'k', oauthToken: 't', modelUrl: anthropic });
  expect(credential.sign({ a: 'b' })).toEqual({ a: 'b', 'x-api-key': 'k' });
});

test('an OAuth token is sent as bearer, with its beta once', () => {
  const { sign } = chooseCredential({ oauthToken: 't', modelUrl: anthropic });
  expect(sign({})).toEqual({ authorization: 'Bearer t', 'anthropic-beta': 'oauth-2025-04-20' });
  const asked = sign({ 'anthropic-beta': 'oauth-2025-04-20, x' });
  expect(asked['anthropic-beta']).toBe('x,oauth-2025-04-20');
});

test('does without one only for a model of one’s own, and only when told so', () => {
  expect(chooseCredential({ credential: 'none', modelUrl: own }).sign({ a: 'b' })).toEqual({ a: 'b' });
  expect(() => chooseCredential({ modelUrl: own })).toThrow('ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN');
  expect(() => chooseCredential({ credential: 'none', modelUrl: anthropic })).toThrow('No credential');
});

test('does not show its secret when it is printed', () => {
  const credential = chooseCredential({ apiKey: 'hush', modelUrl: anthropic });
  expect(inspect(credential, { depth: 9, showHidden: true }) + JSON.stringify(credential)).not.toContain('hush');
});
