import { word } from '../settings.js';
import { integer, oneOf, permissionModes, text, type Setting } from '@remuda/domain';
import { credentialSettings } from '@remuda/model';

/** What a worker on a channel reports: only what ends a prompt, its events as well, or its state and heartbeats too. */
export type Says = 'answers' | 'events' | 'all';

/** Every variable that a worker reads, in addition to `workerSettings`, if it is reached by a channel. */
export const channelSettings = {
  channel: {
    env: 'REMUDA_CHANNEL',
    about:
      'How jobs reach the worker: `redis` from its scheduler, `fifo` by two named pipes, `files` by files in a folder. `--channel`',
    unit: 'redis, fifo or files',
    default: 'redis',
    parse: oneOf(['redis', 'fifo', 'files']),
  },
  engine: {
    env: 'REMUDA_ENGINE',
    about: 'How Claude Code runs: `stream`, or `tmux` in a terminal that a person can attach to. `--engine`',
    unit: 'stream or tmux',
    default: 'stream',
    parse: oneOf(['stream', 'tmux']),
  },
  name: {
    env: 'REMUDA_CHANNEL_NAME',
    about: "Name of the worker, and of its pipes. Default: the workspace's. `--name`",
    unit: 'word',
    parse: word,
  },
  folder: {
    env: 'REMUDA_CHANNEL_FOLDER',
    about:
      'Where the pipes or files are. Default: `/tmp/cc-bridge-pipes`, and for files `/ipc/<workspace>`. `--folder`',
    unit: 'path',
    parse: text,
  },
  input: {
    env: 'REMUDA_CHANNEL_INPUT',
    about: 'Path of the named pipe that the worker reads. Default: `<folder>/<name>.in.fifo`. `--input`',
    unit: 'path',
    parse: text,
  },
  output: {
    env: 'REMUDA_CHANNEL_OUTPUT',
    about: 'Path of the named pipe that the worker writes. Default: `<folder>/<name>.out.fifo`. `--output`',
    unit: 'path',
    parse: text,
  },
  says: {
    env: 'REMUDA_CHANNEL_SAYS',
    about:
      'What the worker reports: `answers` what ends each prompt, `events` also what happens until then, `all` also its state and heartbeats. Default: `events` with pipes, `answers` with files. `--says`',
    unit: 'answers, events or all',
    parse: oneOf(['answers', 'events', 'all']),
  },
  conversation: {
    env: 'REMUDA_CONVERSATION',
    about: '`continue`: one conversation over all prompts. `fresh`: a new one for each. `--conversation`',
    unit: 'continue or fresh',
    default: 'continue',
    parse: oneOf(['continue', 'fresh']),
  },
  model: {
    env: 'REMUDA_MODEL',
    about: 'Model of prompts that name none. `--model`',
    unit: 'string',
    default: 'claude-sonnet-4-5',
    parse: text,
  },
  permissionMode: {
    env: 'REMUDA_PERMISSION_MODE',
    about: 'What Claude Code may do without asking. `--permission-mode`',
    unit: permissionModes.join(', '),
    default: 'bypassPermissions',
    parse: oneOf(permissionModes),
  },
  trustRepository: {
    env: 'REMUDA_TRUST_REPOSITORY',
    about: "`1`: the workspace's own settings, hooks and MCP servers are used. `--trust-repository`",
    unit: 'flag',
    default: undefined,
    parse: oneOf(['1']),
  },
  attachOnly: {
    env: 'REMUDA_ATTACH_ONLY',
    about:
      '`1`: use the Claude Code that runs in the tmux session `claude-<workspace>`, and never start one. `--attach-only`',
    unit: 'flag',
    default: undefined,
    parse: oneOf(['1']),
  },
  timeoutMs: {
    env: 'REMUDA_JOB_TIMEOUT_MS',
    about: 'How long a prompt that sets no `timeoutMs` may run.',
    unit: 'ms',
    default: 3_600_000,
    parse: integer(1, 86_400_000),
  },
  ...credentialSettings,
} as const satisfies Record<string, Setting<unknown>>;
