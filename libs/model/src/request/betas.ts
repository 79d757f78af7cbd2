import type { ServerTool } from '@remuda/domain';

/** Betas that a request may have in addition to those that only change how it is read and answered. */
export interface BetaAllowance {
  readonly serverTools: readonly ServerTool[];
  /** By name, without the date. */
  readonly betas: readonly string[];
}

/** Betas that only change how a request is read and answered, without the date suffix. */
const plain = new Set([
  ...['claude-code', 'interleaved-thinking', 'context-management', 'thinking-token-count', 'thinking-display-updates'],
  ...['prompt-caching', 'prompt-caching-scope', 'prompt-caching-evict', 'extended-cache-ttl', 'cache-keepalive'],
  ...['cache-diagnosis', 'token-counting', 'context-1m', 'mid-conversation-system', 'mid-conversation-tool-changes'],
  ...['mid-conversation-system-clear-at', 'inline-tools', 'effort', 'per-turn-control', 'timing', 'fast-mode'],
  ...['advanced-tool-use', 'tool-search-tool', 'tool-examples', 'structured-outputs', 'fine-grained-tool-streaming'],
  ...['token-efficient-tools', 'output-128k', 'redact-thinking', 'thinking-resumption', 'thinking-binding-controls'],
  ...['compact', 'task-budgets', 'fallback-credit', 'server-side-fallback', 'summarize-connector-text'],
  ...['tool-provenance', 'dangerous-tool-use', 'computer-use', 'search-results', 'pdfs'],
]);

/** Betas of server-side tools, and the `serverTools` that allow them. */
const opened: ReadonlyMap<string, ServerTool> = new Map([
  ['web-search', 'web_search'],
  ['web-search-results-only', 'web_search'],
  ['web-fetch', 'web_fetch'],
  ['code-execution', 'code_execution'],
  ['advisor-tool', 'advisor'],
  ['mcp-client', 'mcp'],
  ['mcp-servers', 'mcp'],
  ['files-api', 'files'],
]);

/** The allowed betas of a header; others are removed, so that a newer Claude Code still works. */
export function betasOf(header: string, { serverTools, betas }: BetaAllowance): string {
  const passes = (beta: string): boolean => {
    const name = beta.replace(/-\d{4}-?\d{2}-?\d{2}$/, '');
    const opener = opened.get(name);
    return plain.has(name) || betas.includes(name) || (opener !== undefined && serverTools.includes(opener));
  };
  const asked = header.split(',').map((beta) => beta.trim());
  return asked.filter((beta) => beta !== '' && passes(beta)).join(',');
}
