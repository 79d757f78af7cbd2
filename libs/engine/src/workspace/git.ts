import { scopeVariable } from '../process/environment.js';
import { ownUser } from '../runner/local-runner.js';
import type { ProgramStart } from '../runner/runner.port.js';
import { runProgram } from '../runner/run-program.js';
import { readProgram } from '../runner/stream-program.js';
import type { Runner } from '../runner/runner.port.js';

/** A workspace as git sees it. */
export interface GitFolder {
  readonly folder: string;
  /** The harmless part of an environment: PATH, language and the like. */
  readonly env: Readonly<Record<string, string>>;
  /** Where git runs, and as which user. Default: here, as the user of this process. */
  readonly runner?: Runner | undefined;
  /** The engine's mark, so that no process of git outlives the engine. */
  readonly scope?: string | undefined;
}

/** One call of git. */
export interface GitCall {
  readonly args: readonly string[];
  /** Additional configuration, which overrides the repository's. */
  readonly config?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Buffer;
  readonly maxBytes?: number;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Nothing in a repository's own configuration is executed. */
const closedConfig: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.pager': 'cat',
  'core.sshCommand': 'false',
  'core.untrackedCache': 'false',
  'core.symlinks': 'true',
  'credential.helper': '',
  'gc.auto': '0',
  'log.showSignature': 'false',
  'maintenance.auto': 'false',
  'submodule.recurse': 'false',
};

/**
 * Runs git without hooks, prompts, and the user's or the machine's configuration; undefined if its output was too long.
 */
export async function git(at: GitFolder, call: GitCall): Promise<Buffer | undefined> {
  const { input, maxBytes, timeoutMs, signal } = call;
  return runProgram({
    ...startOf(at, call),
    code: 'workspace.failed',
    ...(input === undefined ? {} : { input }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** The same, for an output that is too large for memory. */
export function readGit(at: GitFolder, call: Omit<GitCall, 'maxBytes' | 'timeoutMs'>): AsyncIterable<Buffer> {
  const { input, signal } = call;
  return readProgram({
    ...startOf(at, call),
    code: 'workspace.failed',
    ...(input === undefined ? {} : { input }),
    signal,
  });
}

function startOf(at: GitFolder, { args, config, env }: GitCall): ProgramStart & { readonly runner: Runner } {
  return {
    runner: at.runner ?? ownUser,
    command: 'git',
    args,
    cwd: at.folder,
    env: {
      ...at.env,
      ...(at.scope === undefined ? {} : { [scopeVariable]: at.scope }),
      HOME: '/nonexistent',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      GIT_OPTIONAL_LOCKS: '0',
      // in a pod the folder itself belongs to another user
      ...configEnv({ ...closedConfig, 'safe.directory': at.folder, ...config }),
      ...env,
    },
  };
}

/** The same, for a short text output. */
export async function gitText(at: GitFolder, call: GitCall): Promise<string> {
  return (await git(at, call))?.toString('utf8').trim() ?? '';
}

/** Configuration as variables: keys and values may contain anything. */
export function configEnv(config: Readonly<Record<string, string>>): Record<string, string> {
  const pairs = Object.entries(config).flatMap(([key, value], i) => [
    [`GIT_CONFIG_KEY_${String(i)}`, key],
    [`GIT_CONFIG_VALUE_${String(i)}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(pairs.length / 2), ...(Object.fromEntries(pairs) as Record<string, string>) };
}
