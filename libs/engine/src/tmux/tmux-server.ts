import { runProgram } from '../runner/run-program.js';
import type { Runner, RunningProgram } from '../runner/runner.port.js';
import { PasteClient } from './paste-client.js';

/** The server's configuration: it starts without a terminal, and stays without a session. */
export const serverConfig = `set -g exit-empty off
set -g exit-unattached off
set -g destroy-unattached off
set -g remain-on-exit off
set -g status off
set -g update-environment ''
set -g history-limit 20000
set -g default-terminal tmux-256color
set -s set-clipboard off
`;

/** A program of a session. */
export interface SessionStart {
  readonly session: string;
  readonly cwd: string;
  /** The program and its arguments: no shell reads them. */
  readonly argv: readonly string[];
}

/** Where a server is, and what it gives its sessions. */
export interface ServerPlace {
  readonly runner: Runner;
  /** Name of its socket in the user's folder of them; absent: tmux's own, `default`. */
  readonly socket?: string;
  readonly config: string;
  readonly env: Readonly<Record<string, string>>;
}

/** How long tmux may take for a command, in ms. */
const commandMs = 10_000;

/** The width and height of a session nobody has attached to. */
const size = ['-x', '200', '-y', '50'];

/** A tmux server of our own, and the commands that it is given. All reject with `engine.crashed` if it is not there. */
export class TmuxServer {
  constructor(private readonly place: ServerPlace) {}

  /** Starts it if it does not run; needs no terminal. */
  async start(): Promise<void> {
    await this.#run('start-server');
  }

  /** Starts a program in a new session, and resolves with its process id. */
  async open({ session, cwd, argv }: SessionStart): Promise<number> {
    const at = ['-d', '-P', '-F', '#{pane_pid}', '-s', session, ...size, '-c', cwd];
    return Number(await this.#run('new-session', ...at, '--', ...argv));
  }

  /** Pastes a text, through a buffer and in one command: no shell and no key table sees it. */
  async paste(session: string, text: string): Promise<void> {
    await this.awaitPaste(session).give(text);
  }

  /** A client that does so once it is given the text. */
  awaitPaste(session: string): PasteClient {
    const buffer = `remuda-${session}`;
    const paste = ['paste-buffer', '-p', '-r', '-d', '-b', buffer, '-t', target(session)];
    return new PasteClient(this.#client(['load-buffer', '-b', buffer, '-', ';', ...paste]));
  }

  /** Presses one key, `Enter` or `Escape`. */
  async press(session: string, key: 'Enter' | 'Escape'): Promise<void> {
    await this.#run('send-keys', '-t', target(session), key);
  }

  /** Has a client that watches a session press Enter in it: without a process of its own. */
  pressEnter(watcher: RunningProgram, session: string): void {
    watcher.stdin.write(`send-keys -t '${target(session)}' Enter\n`);
  }

  /** The text of a session's screen. */
  screen(session: string): Promise<string> {
    return this.#run('capture-pane', '-p', '-t', target(session));
  }

  /** Ends a session. */
  async close(session: string): Promise<void> {
    await this.#run('kill-session', '-t', `=${session}`);
  }

  /** The panes of a session, and the process id of what was started in each. */
  async panes(session: string): Promise<readonly { readonly pane: string; readonly pid: number }[]> {
    const lines = (await this.#run('list-panes', '-s', '-t', `=${session}`, '-F', '#{pane_id} #{pane_pid}')).split(
      '\n',
    );
    return lines.map((line) => line.split(' ')).map(([pane = '', pid]) => ({ pane, pid: Number(pid) }));
  }

  /** Process id of the server. */
  async pid(): Promise<number> {
    return Number(await this.#run('display-message', '-p', '#{pid}'));
  }

  /** A program that ends with the session, however that ends: a client in control mode, which takes commands by its input. */
  watch(session: string): RunningProgram {
    return this.#client(['-C', 'attach-session', '-f', 'ignore-size,no-output', '-t', `=${session}`]);
  }

  async #run(...args: readonly string[]): Promise<string> {
    return this.#command(args, '');
  }

  async #command(args: readonly string[], input: string): Promise<string> {
    const { runner, env } = this.place;
    const program = { runner, command: 'tmux', args: this.#args(args), cwd: '/', env, input };
    const said = await runProgram({ ...program, timeoutMs: commandMs, code: 'engine.crashed' });
    return String(said ?? '').replace(/\n$/, '');
  }

  #client(args: readonly string[]): RunningProgram {
    const { runner, env } = this.place;
    return runner.start({ command: 'tmux', args: this.#args(args), cwd: '/', env });
  }

  #args(args: readonly string[]): readonly string[] {
    const { socket = 'default', config } = this.place;
    return ['-L', socket, '-f', config, ...args];
  }
}

/** Exactly that session, and its only pane; or the pane that is named. */
const target = (session: string): string => (session.startsWith('%') ? session : `=${session}:`);

/** The name of a session: tmux takes `.` and `:` for parts of a target. */
export function sessionName(workspace: string, session?: string): string {
  return ['claude', workspace, ...(session === undefined ? [] : [session])]
    .map((part) => part.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 63))
    .join('-');
}
