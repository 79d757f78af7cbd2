import { expect, test } from 'vitest';
import { ownProcessReason } from './own-process.js';

const bypass = { permissionMode: 'bypassPermissions', trustRepository: false } as const;
const empty = { workspace: { kind: 'empty' } } as const;
const git = { workspace: { kind: 'git', url: 'https://example.com/r.git' } } as const;

test.each([
  [undefined, empty, bypass],
  [undefined, { ...empty, permissionMode: 'default' }, bypass],
  [undefined, { ...empty, permissionMode: 'plan' }, { ...bypass, permissionMode: 'default' }],
  [undefined, git, bypass],
  [undefined, empty, { ...bypass, trustRepository: true }],
  ['own_permission_mode', { ...empty, permissionMode: 'plan' }, bypass],
  ['own_permission_mode', { ...empty, permissionMode: 'bypassPermissions' }, { ...bypass, permissionMode: 'default' }],
  ['own_schema', { ...empty, outputSchema: {} }, bypass],
  ['own_system_prompt', { ...git, appendSystemPrompt: 'x' }, { ...bypass, trustRepository: true }],
  ['trusted_repository', git, { ...bypass, trustRepository: true }],
] as const)('%s is why %j takes a process of its own under %j', (reason, job, profile) => {
  expect(ownProcessReason(job, profile)).toBe(reason);
});
