import type { EngineProfile } from '@remuda/domain';
import { notOffered } from './tools.js';

/**
 * The flags of a warm process. Token deltas are always requested, because a running process cannot be switched;
 * consumers drop them if unwanted. Tools that cannot work in a job are not offered. A repository's own settings, hooks
 * and MCP servers are used only if it is trusted.
 */
export function argumentsOf(profile: EngineProfile): readonly string[] {
  return [
    '-p',
    ...['--input-format', 'stream-json', '--output-format', 'stream-json', '--verbose', '--include-partial-messages'],
    ...['--model', profile.model, '--permission-mode', profile.permissionMode],
    ...(profile.trustRepository ? [] : ['--setting-sources', 'user', '--strict-mcp-config']),
    ...rules('--allowedTools', profile.tools.allow),
    ...rules('--disallowedTools', [...notOffered, ...(profile.tools.deny ?? [])]),
  ];
}

function rules(flag: string, list: readonly string[] = []): readonly string[] {
  return list.length === 0 ? [] : [flag, ...list];
}
