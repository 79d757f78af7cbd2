import type { EngineProfile } from '@remuda/domain';
import { describe, expect, it } from 'vitest';
import { argumentsOf } from './arguments.js';

const profile: EngineProfile = { model: 'm', permissionMode: 'bypassPermissions', tools: {}, trustRepository: false };

describe('the flags', () => {
  it('keep a repository’s own settings out unless the profile trusts it', () => {
    expect(argumentsOf(profile).join(' ')).toContain('--setting-sources user --strict-mcp-config');
    expect(argumentsOf({ ...profile, trustRepository: true }).join(' ')).not.toMatch(/setting-sources|strict-mcp/);
  });

  it('hold the profile’s rules, one word each', () => {
    const args = argumentsOf({ ...profile, tools: { allow: ['Read'], deny: ['Bash(rm *)', 'WebFetch'] } });
    expect(args.join(' ')).toContain('--allowedTools Read --disallowedTools ');
    expect(args.slice(-3)).toEqual(['Workflow', 'Bash(rm *)', 'WebFetch']);
  });
});
