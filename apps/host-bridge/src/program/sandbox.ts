import type { AllowedRun } from '../request/check-run.js';
import type { Workspace } from '../clients/client.js';

/** Where things are within the sandbox. */
export const inSandbox = {
  claude: '/opt/claude/claude',
  home: '/home/claude',
  model: '/run/remuda/model.sock',
} as const;

/** What a sandbox is made of; paths of the host. */
export interface SandboxParts {
  readonly claude: string;
  /** The client's own home, with its sessions. */
  readonly home: string;
  readonly modelSocket: string;
  readonly workspaces: readonly Workspace[];
  /** Texts of the host's configuration, by their names in `~/.claude`. */
  readonly config: readonly { readonly name: string; readonly path: string }[];
}

/** Parts of `/etc` that programs need to run at all, and to name users and verify certificates. */
const etc = ['ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'alternatives', 'ssl', 'passwd', 'group', 'localtime'];

/**
 * The arguments of `bwrap` for a run: the system's programs, read-only; a home and the workspaces of the client; the
 * socket of the model. No network, no other process, no other file of the host, and no user namespace within. When
 * Claude Code or the bridge ends, the kernel ends everything in it.
 */
export function sandboxArguments(parts: SandboxParts, run: AllowedRun): string[] {
  const { claude, home, modelSocket, workspaces, config } = parts;
  const shared = config.flatMap(({ name, path }) => ['--ro-bind-try', path, `${inSandbox.home}/.claude/${name}`]);
  // Outer ones first: an inner one would be hidden.
  const outerFirst = [...workspaces].sort((a, b) => a.container.length - b.container.length);
  return [
    ...['--unshare-all', '--unshare-user', '--die-with-parent', '--hostname', 'claude'],
    ...['--cap-drop', 'ALL', '--ro-bind', '/usr', '/usr'],
    ...['bin', 'sbin', 'lib', 'lib32', 'lib64'].flatMap((name) => ['--symlink', `usr/${name}`, `/${name}`]),
    ...etc.flatMap((name) => ['--ro-bind-try', `/etc/${name}`, `/etc/${name}`]),
    ...['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp', '--tmpfs', '/run', '--tmpfs', '/var'],
    ...['--bind', home, inSandbox.home, ...shared],
    ...['--ro-bind', claude, inSandbox.claude, '--ro-bind', modelSocket, inSandbox.model],
    ...outerFirst.flatMap(({ container, host, readOnly }) => [readOnly ? '--ro-bind' : '--bind', host, container]),
    ...['--chdir', run.folder.path, '--', inSandbox.claude, ...run.args],
  ];
}
