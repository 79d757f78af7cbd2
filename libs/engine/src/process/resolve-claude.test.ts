import { expect, it } from 'vitest';
import { packagesOf } from './resolve-claude.js';

it('the likelier package comes first', () => {
  expect(packagesOf('linux', 'arm64', true)[0]).toBe('@anthropic-ai/claude-code-linux-arm64-musl');
  expect(packagesOf('linux', 'x64', false)[0]).toBe('@anthropic-ai/claude-code-linux-x64');
  expect(packagesOf('darwin', 'arm64', false)).toEqual(['@anthropic-ai/claude-code-darwin-arm64']);
});
