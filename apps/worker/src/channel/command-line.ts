import { parseArgs, type ParseArgsConfig } from 'node:util';
import { RemudaError } from '@remuda/domain';
import { workerSettings } from '../settings.js';
import { channelSettings } from './settings.js';

/** What a command line says: values of settings, further arguments of Claude Code, and whether only to check. */
export interface CommandLine {
  /** Environment variables that the options stand for. */
  readonly env: Readonly<Record<string, string>>;
  /** What stands behind `--`. */
  readonly claudeArgs: readonly string[];
  /** `--check`: report whether the worker of these settings is well, and end. */
  readonly check: boolean;
  readonly help: boolean;
}

/** The options, each in place of an environment variable. */
const optionEnv = {
  channel: channelSettings.channel.env,
  workspace: workerSettings.workspaceName.env,
  engine: channelSettings.engine.env,
  name: channelSettings.name.env,
  folder: channelSettings.folder.env,
  input: channelSettings.input.env,
  output: channelSettings.output.env,
  says: channelSettings.says.env,
  conversation: channelSettings.conversation.env,
  model: channelSettings.model.env,
  'permission-mode': channelSettings.permissionMode.env,
} as const;

/** Options without a value. */
const flagEnv = {
  'trust-repository': channelSettings.trustRepository.env,
  'attach-only': channelSettings.attachOnly.env,
} as const;

/** What a Claude Code that its person has started is not given by us. */
const startsOnly = ['engine', 'conversation', 'model', 'permission-mode', 'trust-repository'] as const;

/** Arguments that the worker itself gives to Claude Code, and what sets them instead. */
const ours: Readonly<Record<string, string>> = {
  '-p': 'it always does',
  '--print': 'it always does',
  '--input-format': 'it is how a worker speaks',
  '--output-format': 'it is how a worker speaks',
  '--verbose': 'it is how a worker speaks',
  '--include-partial-messages': 'it is how a worker speaks',
  '-c': '--conversation continue',
  '--continue': '--conversation continue',
  '-r': '--conversation continue',
  '--resume': '--conversation continue',
  '--session-id': '--conversation continue',
  '--model': '--model before the --',
  '--permission-mode': '--permission-mode before the --',
  '--dangerously-skip-permissions': '--permission-mode bypassPermissions before the --',
  '--setting-sources': '--trust-repository',
  '--strict-mcp-config': '--trust-repository',
};

const options = {
  ...Object.fromEntries(Object.keys(optionEnv).map((name) => [name, { type: 'string' as const }])),
  ...Object.fromEntries([...Object.keys(flagEnv), 'check', 'help'].map((name) => [name, { type: 'boolean' as const }])),
} satisfies ParseArgsConfig['options'];

/** Reads a worker's command line. Rejects with `config.invalid`, which says what is wrong and how it is used. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const end = args.indexOf('--');
  const own = end === -1 ? args : args.slice(0, end);
  const claudeArgs = end === -1 ? [] : args.slice(end + 1);
  const values = parse(own);
  for (const arg of claudeArgs) refuseOurs(arg);
  if (values['attach-only'] === true) refuseStarting(values, claudeArgs);
  const given = Object.entries(optionEnv).flatMap(([name, env]) =>
    typeof values[name] === 'string' ? [[env, values[name]] as const] : [],
  );
  const flags = Object.entries(flagEnv).flatMap(([name, env]) => (values[name] === true ? [[env, '1'] as const] : []));
  return {
    env: Object.fromEntries([...given, ...flags]),
    claudeArgs,
    check: values['check'] === true,
    help: values['help'] === true,
  };
}

function parse(args: readonly string[]): Readonly<Record<string, unknown>> {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new RemudaError('config.invalid', `${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

function refuseStarting(values: Readonly<Record<string, unknown>>, claudeArgs: readonly string[]): void {
  const given = startsOnly.filter((name) => values[name] !== undefined).map((name) => `--${name}`);
  const all = claudeArgs.length === 0 ? given : [...given, '--'];
  if (all.length > 0)
    throw new RemudaError(
      'config.invalid',
      `${all.join(', ')} cannot be combined with --attach-only, which starts nothing.`,
    );
}

function refuseOurs(arg: string): void {
  const name = arg.split('=', 1)[0] ?? '';
  const instead = ours[name];
  if (instead === undefined) return;
  throw new RemudaError('config.invalid', `${name} cannot be given to Claude Code behind the --: ${instead}.`);
}

/** How it is used, for `--help`. */
export const usage = `worker [--channel redis|fifo|files] [options] [-- arguments of Claude Code]

  --channel          how jobs reach it (default redis: its scheduler starts it); fifo and files need neither Redis nor a bridge
  --workspace NAME   name of the workspace (default cc-bridge)
  --engine           stream (default), or tmux: in a terminal that a person can attach to
  --name NAME        name of this worker, and of its pipes (default: the workspace's)
  --folder PATH      where the pipes or files are (default /tmp/cc-bridge-pipes, or /ipc/NAME)
  --input, --output  paths of the two named pipes, instead of folder and name
  --says WHAT        what it reports: answers, events or all (default events with fifo, answers with files)
  --conversation     continue (default): one conversation over all prompts; fresh: a new one for each
  --model NAME       model of prompts that name none
  --permission-mode  as Claude Code has it (default bypassPermissions)
  --trust-repository use the workspace's own settings, hooks and MCP servers
  --attach-only      use the Claude Code that runs in the tmux session claude-NAME of the workspace, and start none (exit
                     code 69 if there is none)
  --check            say whether the worker of these settings is well: exit code 0 or 1`;
