import { expect, test } from 'vitest';
import { outgoingHeaders, tokenOf } from './headers.js';

const closed = { serverTools: [], betas: [] } as const;

test('lets go on what Claude Code says of itself, and nothing else', () => {
  const own = {
    'anthropic-version': '2023-06-01',
    'content-type': 'application/json',
    'user-agent': 'claude-cli/2.1.332 (external, sdk-cli)',
    'x-app': 'cli',
    'x-stainless-arch': 'x64',
    'x-claude-code-session-id': 's',
  };
  const others = {
    authorization: 'Bearer x',
    'x-api-key': 'x',
    'x-remuda-token': 'x',
    'anthropic-organization-id': 'x',
    'anthropic-workspace-id': 'x',
    'x-goog-user-project': 'x',
    cookie: 'x',
    host: 'api.internal',
    connection: 'keep-alive',
    'transfer-encoding': 'chunked',
    'content-encoding': 'gzip',
    'content-length': '2',
    'x-forwarded-host': 'x',
    'accept-encoding': 'gzip, br',
  };
  expect(outgoingHeaders({ ...own, ...others }, closed)).toEqual({ ...own, 'accept-encoding': 'identity' });
});

test('leaves out betas that nobody knows or opened', () => {
  const asked =
    'claude-code-20250219, mcp-client-2025-11-20,effort-2025-11-24,brand-new-2027-01-01,oauth-2025-04-20,,effort';
  const betas = (more: object) =>
    outgoingHeaders({ 'anthropic-beta': asked }, { ...closed, ...more })['anthropic-beta'];
  expect(betas({})).toBe('claude-code-20250219,effort-2025-11-24,effort');
  expect(betas({ serverTools: ['mcp'] })).toContain('mcp-client-2025-11-20');
  expect(betas({ betas: ['brand-new'] })).toContain('brand-new-2027-01-01');
  expect(outgoingHeaders({ 'anthropic-beta': 'x-1' }, closed)).not.toHaveProperty('anthropic-beta');
});

test("finds the token in the bridge's header before x-api-key, and there before the bearer", () => {
  expect(tokenOf({ 'x-remuda-token': 'a', 'x-api-key': 'b', authorization: 'Bearer c' })).toBe('a');
  expect(tokenOf({ 'x-remuda-token': '', 'x-api-key': 'b', authorization: 'Bearer c' })).toBe('b');
  expect(tokenOf({ authorization: 'bearer c' })).toBe('c');
  expect(tokenOf({ authorization: 'Basic c' })).toBeUndefined();
});
