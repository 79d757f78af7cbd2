/** What a flag of Claude Code takes: nothing, one value, a value or none, or a list. */
export type Takes = 'nothing' | 'value' | 'optional' | 'list';

/** A flag that a container may use. */
export interface Flag {
  readonly takes: Takes;
  /** Whether its value may be written to the audit log: it is no prompt and no secret. */
  readonly shown?: true;
  /** Needs an entry in the client's `flags`; the text says why. */
  readonly guarded?: string;
  /** Needs such an entry where runs have no sandbox. */
  readonly sandboxOnly?: true;
}

const plain = { takes: 'nothing' } as const;
const shown = { takes: 'value', shown: true } as const;
const text = { takes: 'value' } as const;
const tools = { takes: 'list', shown: true } as const;

/**
 * All flags that can be used, by their full names, as of Claude Code 2.1.332. What is not in the table is refused: what
 * writes to other places, opens other ways to the host, or is not known yet. A test compares it with `claude --help`.
 */
export const flags: Readonly<Record<string, Flag>> = {
  '--print': plain,
  '--continue': plain,
  '--resume': { takes: 'optional', shown: true },
  '--fork-session': plain,
  '--session-id': shown,
  '--name': shown,
  '--no-session-persistence': plain,
  '--model': shown,
  '--fallback-model': shown,
  '--effort': shown,
  '--agent': shown,
  '--max-turns': shown,
  '--max-budget-usd': shown,
  '--output-format': shown,
  '--json-schema': text,
  '--include-partial-messages': plain,
  '--include-hook-events': plain,
  '--verbose': plain,
  '--system-prompt': text,
  '--append-system-prompt': text,
  '--allowed-tools': { ...tools, sandboxOnly: true },
  '--disallowed-tools': tools,
  '--tools': tools,
  '--permission-mode': { ...shown, sandboxOnly: true },
  '--disable-slash-commands': plain,
  '--strict-mcp-config': plain,
  '--restricted': plain,
  '--safe-mode': plain,
  '--ax-screen-reader': plain,
  '--version': plain,
  '--help': plain,
  '--dangerously-skip-permissions': { ...plain, guarded: 'turns all questions for permission off' },
  '--allow-dangerously-skip-permissions': { ...plain, guarded: 'lets a session turn questions for permission off' },
  '--settings': { ...text, guarded: 'settings can contain hooks, which are commands' },
  '--setting-sources': { ...shown, guarded: 'settings of a project can contain hooks, which are commands' },
  '--mcp-config': { takes: 'list', guarded: 'MCP servers are commands' },
  '--agents': { ...text, guarded: 'agents can bring tools and permissions of their own' },
  '--add-dir': { takes: 'list', shown: true, guarded: 'opens further folders' },
  '--input-format': { ...shown, guarded: 'its stream-json can change permissions, hooks and MCP servers' },
  '--permission-prompt-tool': { ...shown, guarded: 'hands the questions for permission to somebody else' },
};

/** Other names of the same. */
export const otherNames: Readonly<Record<string, string>> = {
  '-p': '--print',
  '-c': '--continue',
  '-r': '--resume',
  '-n': '--name',
  '-v': '--version',
  '-h': '--help',
  '--allowedTools': '--allowed-tools',
  '--disallowedTools': '--disallowed-tools',
};

/** Values of `--permission-mode` that need no more than the flag itself. */
export const plainModes: readonly string[] = ['default', 'manual', 'auto', 'plan', 'acceptEdits', 'dontAsk'];
