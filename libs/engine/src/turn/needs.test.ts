import type { EngineProfile } from '@remuda/domain';
import { describe, expect, it } from 'vitest';
import { joinedPrompt, needOf } from './needs.js';

const profile: EngineProfile = { model: 'm', permissionMode: 'bypassPermissions', tools: {}, trustRepository: false };

describe('what a turn needs', () => {
  it.each([
    ['warm', {}, 'bypassPermissions'],
    ['warm', { permissionMode: 'default' }, 'bypassPermissions'],
    ['warm', { permissionMode: 'plan' }, 'default'],
    ['primed', { outputSchema: {} }, 'default'],
    ['primed', { appendSystemPrompt: 'x' }, 'default'],
    ['cold', { permissionMode: 'plan' }, 'bypassPermissions'],
    ['cold', { permissionMode: 'bypassPermissions', outputSchema: {} }, 'default'],
  ] as const)('is a %s process for %j under %s', (need, asked, permissionMode) => {
    expect(needOf(asked, { ...profile, permissionMode })).toBe(need);
  });

  it('puts the job’s words after the profile’s', () => {
    expect(joinedPrompt({ ...profile, appendSystemPrompt: 'A' }, { appendSystemPrompt: 'B' })).toBe('A\n\nB');
    expect(joinedPrompt(profile, {})).toBeUndefined();
  });
});
