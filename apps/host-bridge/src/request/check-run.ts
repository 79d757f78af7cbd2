import type { HostRun } from '@remuda/protocol';
import type { Client } from '../clients/client.js';
import { readArguments, writeArguments, type Given, type GivenFlag } from './arguments.js';
import { findFolder, type FoundFolder } from './folder.js';
import { plainModes } from './flags.js';
import { forbiddenVariable } from './variables.js';

/** A run that its client may have. */
export interface AllowedRun {
  readonly args: readonly string[];
  readonly given: Given;
  readonly env: Readonly<Record<string, string>>;
  readonly folder: FoundFolder;
}

/** A run that it may not have; a sentence for a person. */
export interface RefusedRun {
  readonly refused: string;
}

/**
 * Decides whether a client may have a run, and what Claude Code is then called with. Settings and MCP servers of the
 * workspace are not loaded unless the client's list has the flags for it: they are commands that nobody was asked about.
 */
export function checkRun(run: HostRun, client: Client, sandboxed: boolean): AllowedRun | RefusedRun {
  const given = readArguments(run.args);
  if ('fault' in given) return { refused: given.fault };
  const folder = findFolder(run.cwd, client.workspaces);
  const refused =
    given.flags.map((flag) => flagFault(flag, client, sandboxed)).find((fault) => fault !== undefined) ??
    (folder ? undefined : `The folder ${run.cwd} is in none of this client's workspaces.`) ??
    variableFault(Object.keys(run.env), client) ??
    interactiveFault(run, given, client, sandboxed);
  if (refused !== undefined || !folder) return { refused: refused ?? '' };
  return { args: [...ownFlags(given, client), ...writeArguments(given)], given, env: run.env, folder };
}

function flagFault({ name, flag, values }: GivenFlag, client: Client, sandboxed: boolean): string | undefined {
  const listed = (flagName: string): boolean => client.flags.includes(flagName);
  if (flag.guarded !== undefined && !listed(name) && !isOwn(name, values))
    return `${name} needs an entry in this client's list of flags: ${flag.guarded}.`;
  if (flag.sandboxOnly && !sandboxed && !listed(name))
    return `${name} needs an entry in this client's list of flags, since runs have no sandbox here.`;
  if (name === '--permission-mode' && !values.every((mode) => plainModes.includes(mode)))
    return listed('--dangerously-skip-permissions')
      ? undefined
      : `${name} can be ${plainModes.join(', ')}; others need --dangerously-skip-permissions in this client's list of flags.`;
  if (name === '--add-dir' && !values.every((path) => path.startsWith('/') && findFolder(path, client.workspaces)))
    return `${name} takes absolute paths within this client's workspaces.`;
  return undefined;
}

/** What the bridge says by itself may also be said by the client: Claude Code prints it to resume a session. */
const isOwn = (name: string, values: readonly string[]): boolean =>
  name === '--setting-sources' && values.every((value) => value === 'user');

function variableFault(names: readonly string[], client: Client): string | undefined {
  const name = forbiddenVariable(names, client.variables);
  return name === undefined ? undefined : `The variable ${name} cannot be set by this client.`;
}

/** In a session on a terminal a person can run any command, with `!`. */
function interactiveFault(run: HostRun, given: Given, client: Client, sandboxed: boolean): string | undefined {
  const harmless = ['--print', '--version', '--help'];
  if (given.flags.some(({ name }) => harmless.includes(name))) return undefined;
  if (client.interactive ?? sandboxed) return undefined;
  return run.terminal === undefined
    ? 'This client can only use claude -p.'
    : 'This client cannot have sessions on a terminal, only claude -p.';
}

function ownFlags(given: Given, client: Client): string[] {
  const has = (name: string): boolean => given.flags.some((flag) => flag.name === name);
  const sources = has('--setting-sources') ? [] : ['--setting-sources=user'];
  const strict = client.flags.includes('--mcp-config') || has('--strict-mcp-config') ? [] : ['--strict-mcp-config'];
  return [...sources, ...strict];
}
