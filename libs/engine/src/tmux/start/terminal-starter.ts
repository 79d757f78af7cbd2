import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { RemudaError } from '@remuda/domain';
import type { EngineLimits, StreamEngineOptions } from '../../options.js';
import { environmentOf, harmlessOf } from '../../process/environment.js';
import type { Runner } from '../../runner/runner.port.js';
import { layFolders, toolsEnvPath, type Folders } from '../../workspace/home.js';
import { InteractiveClaude } from '../interactive.js';
import type { InteractiveAim } from '../interactive-aim.js';
import { sessionName, TmuxServer } from '../tmux-server.js';
import { formOf, terminalArguments, terminalSettings, type Start } from './start-of.js';
import { layTerminal, tmuxFiles, transcriptsIn, writeTerminalFile, type HomeAim } from './tmux-home.js';

/** Where terminals are started, and as whom. */
export interface TerminalPlace extends Pick<
  StreamEngineOptions,
  'claude' | 'claudeArgs' | 'workspace' | 'home' | 'cache' | 'env' | 'profile' | 'bridge' | 'clock'
> {
  readonly runner: Runner;
  /** The mark of all processes. */
  readonly scope: string;
  readonly limits: EngineLimits;
  readonly modelRetries: number;
  /** Name in the session's name. */
  readonly workspaceName: string;
  /** Folder in which the Stop hook writes responses; undefined: none. */
  readonly responses: string | undefined;
}

/** What is started: with what, in which conversation, and whom it tells. */
export interface TerminalStart extends Pick<
  InteractiveAim,
  'sessionId' | 'resumes' | 'clean' | 'onStop' | 'onRebuilt'
> {
  readonly start: Start;
}

/** Starts Claude Code in sessions of a tmux server of its own, in a home that it has prepared. */
export class TerminalStarter {
  readonly #files: ReturnType<typeof tmuxFiles>;
  readonly #env: Readonly<Record<string, string>>;
  readonly #session: string;
  #server: TmuxServer | undefined;
  #named: Promise<void> = Promise.resolve();

  constructor(private readonly place: TerminalPlace) {
    const { env, home, bridge, scope, runner, modelRetries, workspaceName } = place;
    this.#files = tmuxFiles(home);
    this.#session = sessionName(workspaceName);
    const toolsEnv = toolsEnvPath(home);
    this.#env = {
      ...environmentOf({ base: env, home, bridge, scope, root: runner.root, modelRetries, toolsEnv }),
      CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: '1',
      CLAUDE_CODE_DISABLE_TERMINAL_TITLE: '1',
    };
  }

  /** The environment of programs that are none of the job's. */
  get harmlessEnv(): Record<string, string> {
    return harmlessOf(this.place.env);
  }

  get folders(): Folders {
    const { workspace, home, profile, runner, cache } = this.place;
    return { workspace, home, env: this.harmlessEnv, runner, importMemory: !profile.trustRepository, cache };
  }

  /** Prepares workspace and home. Idempotent. */
  async lay(): Promise<void> {
    await layFolders(this.folders);
    await layTerminal(await this.#home());
  }

  /**
   * Names the request of the next prompt for the hook that writes its response. Is not waited for: a prompt is pasted
   * meanwhile, and submitted only when this is done.
   */
  nameRequest(requestId: string | undefined): void {
    if (this.place.responses === undefined) return;
    this.#named = this.#home().then((home) => writeTerminalFile(home, this.#files.request, `${requestId ?? ''}\n`));
    this.#named.catch(() => undefined);
  }

  /** Process id of the tmux server, if there is one. */
  async serverPid(): Promise<number | undefined> {
    return this.#server?.pid();
  }

  /** The text of the terminal's screen. Rejects with `engine.crashed` if there is none. */
  async screen(): Promise<string> {
    if (this.#server === undefined) throw new RemudaError('engine.crashed', 'Claude Code has no terminal yet.');
    return this.#server.screen(this.#session);
  }

  /** The tmux server was ended: the next start needs another. */
  forgetServer(): void {
    this.#server = undefined;
  }

  /** A Claude Code that can be started, with its files written. */
  async prepare({ start, sessionId, ...tells }: TerminalStart): Promise<InteractiveClaude> {
    const { clock, runner, limits } = this.place;
    const home = await this.#home();
    const shell = (await runner.exists('/bin/bash')) ? { SHELL: '/bin/bash' } : {};
    const env = { ...this.#env, ...shell };
    this.#server ??= new TmuxServer({ runner, config: this.#files.config, env, ...this.#socket });
    return new InteractiveClaude({
      ...{ server: this.#server, runner, clock, limits, env, sessionId, ...tells },
      ...{ session: this.#session, workspace: home.workspace, model: start.model, form: formOf(start) },
      ...{ calls: await this.#writeSettings(home, start), errors: this.#files.errors },
      transcript: join(transcriptsIn(home.home, home.workspace), `${sessionId}.jsonl`),
      argv: (again) => this.#argv(start, [again ? '--resume' : '--session-id', sessionId]),
      mayEnter: () => this.#named,
    });
  }

  /** Writes the settings of a start, and returns the file to which its hooks' calls are appended. */
  async #writeSettings(home: HomeAim, start: Start): Promise<string> {
    const { folder, script, settings, request } = this.#files;
    const calls = join(folder, `calls-${randomUUID()}`);
    await writeTerminalFile(home, calls, '');
    const hooks = { script, calls, responses: this.place.responses, request };
    await writeTerminalFile(home, settings, JSON.stringify(terminalSettings(start, hooks)));
    return calls;
  }

  #argv(start: Start, session: readonly ['--session-id' | '--resume', string]): readonly string[] {
    const { claude, claudeArgs = [], profile } = this.place;
    const { trustRepository } = profile;
    const { settings } = this.#files;
    return [claude, ...terminalArguments(start, { settings, trustRepository, session }), ...claudeArgs];
  }

  async #home(): Promise<HomeAim> {
    const { home, workspace, runner } = this.place;
    return { home, workspace: await runner.realPath(workspace), env: this.harmlessEnv, runner };
  }

  /** A user that only the engine uses has tmux's usual socket, for those who look for it there. */
  get #socket(): { readonly socket?: string } {
    return this.place.runner.alone ? {} : { socket: `remuda-${this.place.scope.slice(0, 8)}` };
  }
}
