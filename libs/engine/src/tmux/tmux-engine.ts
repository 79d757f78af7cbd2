import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import {
  RemudaError,
  failureOf,
  laterRung,
  type AbortSignalLike,
  type Ended,
  type EndingRung,
  type Engine,
  type NewEvent,
  type Turn,
  type TurnEnd,
} from '@remuda/domain';
import { idleToken } from '@remuda/protocol';
import { unlessAborted } from '../abort.js';
import { defaultLimits, type EngineLimits, type StreamEngineOptions } from '../options.js';
import { environmentOf, harmlessOf } from '../process/environment.js';
import { nameOf, present, sweep, type Swept } from '../process/sweep.js';
import { ownUser } from '../runner/local-runner.js';
import type { Runner } from '../runner/runner.port.js';
import { withWarnings } from '../turn/turn-end.js';
import { refusalOf } from '../turn/refusal.js';
import { runTurn } from '../turn/turn-run.js';
import type { TurnSession } from '../turn/turn-session.js';
import { layFolders, scrubHome, toolsEnvPath, type Folders } from '../workspace/home.js';
import { clearWorkspace } from '../workspace/workspace.js';
import { InteractiveClaude } from './interactive.js';
import { formOf, isSame, startOf, terminalArguments, terminalSettings, type Start } from './start/start-of.js';
import { layTerminal, tmuxFiles, transcriptsIn, writeTerminalFile, type HomeAim } from './start/tmux-home.js';
import { sessionName, TmuxServer } from './tmux-server.js';

/** All options of the engine. */
export interface TmuxEngineOptions extends Omit<StreamEngineOptions, 'spare'> {
  /** Name in the names of its sessions. Default `cc-bridge`. */
  readonly workspaceName?: string;
  /** Folder in which its Stop hook writes responses; default: none. */
  readonly responses?: string;
  /** Called when a turn with a `requestId` has ended by itself, with the turn's credential. */
  readonly onStop?: (stop: StoppedTurn) => void;
}

/** A turn that has ended by itself. */
export interface StoppedTurn {
  readonly requestId: string;
  readonly status: 'succeeded' | 'failed';
  readonly text: string;
  readonly bridgeToken: string;
}

/** Claude Code in a terminal, and what it was started with. */
interface Running {
  readonly claude: InteractiveClaude;
  readonly start: Start;
  readonly sessionId: string;
}

/**
 * The interactive Claude Code in a tmux session, which a person can attach to. Slower than stream-json, without token
 * deltas and costs; what is fixed at a start is changed by another start that resumes the session.
 */
export class TmuxEngine implements Engine {
  readonly #limits: EngineLimits;
  readonly #scope = randomUUID();
  readonly #runner: Runner;
  readonly #env: Record<string, string>;
  readonly #files: ReturnType<typeof tmuxFiles>;
  readonly #session: string;
  #server: TmuxServer | undefined;
  #serverPid: number | undefined;
  #running: Running | undefined;
  /** A session that the next start resumes. */
  #resumes: string | undefined;
  #tellWarning: ((message: string) => void) | undefined;
  #baseline: ReadonlySet<string> = new Set();
  #turning = false;
  #requestId: string | undefined;
  #dead = false;

  constructor(private readonly options: TmuxEngineOptions) {
    const { env, home, bridge, runner = ownUser, modelRetries = 4, workspaceName = 'cc-bridge' } = options;
    this.#runner = runner;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#files = tmuxFiles(home);
    this.#session = sessionName(workspaceName);
    const scope = this.#scope;
    this.#env = {
      ...environmentOf({
        base: env,
        home,
        bridge,
        scope,
        root: runner.root,
        modelRetries,
        toolsEnv: toolsEnvPath(home),
      }),
      CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: '1',
      CLAUDE_CODE_DISABLE_TERMINAL_TITLE: '1',
    };
  }

  get version(): string | undefined {
    return this.#running?.claude.version;
  }

  async warm(bridgeToken = idleToken): Promise<void> {
    if (this.#running?.claude.alive) return;
    await this.#lay();
    await this.#begin(startOf(this.options.profile, { bridgeToken, env: {} }));
  }

  async resume(sessionId: string, turn: Parameters<Engine['resume']>[1]): Promise<void> {
    this.#resumes = sessionId;
    const bridgeToken = this.#running?.start.bridgeToken ?? idleToken;
    await this.#lay();
    await this.#begin(startOf(this.options.profile, { ...turn, bridgeToken, env: {} }));
  }

  async turn(turn: Turn, onEvent: (event: NewEvent) => void, signal: AbortSignalLike): Promise<TurnEnd> {
    if (this.#turning) throw new RemudaError('internal', 'The engine carries out one turn at a time.');
    this.#turning = true;
    try {
      return await this.#turn(turn, onEvent, signal);
    } catch (error) {
      return { kind: 'failed', failure: failureOf(error) };
    } finally {
      this.#turning = false;
      this.#tellWarning = undefined;
    }
  }

  async #turn(turn: Turn, onEvent: (event: NewEvent) => void, signal: AbortSignalLike): Promise<TurnEnd> {
    const refused = refusalOf(turn);
    if (refused) return { kind: 'failed', failure: refused };
    const { clock, log } = this.options;
    const warnings: string[] = [];
    this.#tellWarning = (message) => {
      warnings.push(message);
      onEvent({ type: 'attempt.warned', at: clock.now(), data: { message } });
    };
    const running = await unlessAborted(this.#prepare(turn, signal), signal);
    if (running === undefined) return { kind: 'interrupted' };
    this.#requestId = turn.requestId;
    if (this.options.responses !== undefined)
      await writeTerminalFile(await this.#home(), this.#files.request, `${turn.requestId ?? ''}\n`);
    const session: TurnSession = { process: running.claude, costUsd: 0, form: formOf(running.start) };
    const { end, stopped } = await runTurn({ session, turn, onEvent, signal, limits: this.#limits, clock, log });
    if (stopped && end.kind !== 'succeeded')
      return withWarnings({ ...end, ended: await this.#proveEnd(stopped.by, stopped.since) }, warnings);
    const { found } = await this.#sweep(0);
    if (found > 0 && end.kind === 'succeeded')
      this.#tellWarning(
        `${String(found)} processes that the job had started were still running after its result and were killed.`,
      );
    return withWarnings(end, warnings);
  }

  async endRest(): Promise<Ended | undefined> {
    return this.#proveEnd('interrupt', this.options.clock.monotonic()).catch(() => undefined);
  }

  async memoryMb(): Promise<number | undefined> {
    return this.#runner.memoryMb(this.#pids).catch(() => undefined);
  }

  /** The text of the terminal's screen, for people. Rejects with `engine.crashed` if there is none. */
  async screen(): Promise<string> {
    if (this.#server === undefined) throw new RemudaError('engine.crashed', 'Claude Code has no terminal yet.');
    return this.#server.screen(this.#session);
  }

  async reset(bridgeToken?: string): Promise<void> {
    if (this.#dead) throw new RemudaError('engine.crashed', 'The engine has been killed.');
    if (!this.#running?.claude.alive) throw new RemudaError('engine.crashed', 'Claude Code has ended.');
    await this.#end('Claude Code was ended: its job is over.');
    this.#baseline = new Set();
    if (this.#runner.alone) await this.#runner.killUser(this.#limits.killMs);
    if ((await this.#sweepAll(0)).left > 0)
      throw new RemudaError('engine.unresponsive', 'Processes of the last job could not be killed.');
    this.#server = undefined;
    this.#serverPid = undefined;
    if (!this.options.keepFiles) await this.#empty();
    await this.warm(bridgeToken);
  }

  async #empty(): Promise<void> {
    const { workspace } = this.options;
    await clearWorkspace({ folder: workspace, env: this.#harmless, runner: this.#runner, scope: this.#scope });
    await scrubHome(this.#folders);
  }

  async kill(): Promise<void> {
    this.#dead = true;
    const { killMs } = this.#limits;
    try {
      this.#running?.claude.terminate('Claude Code was told to exit.');
      const { left } = await this.#sweepAll(killMs);
      if (left > 0) this.options.log.warn({ scope: this.#scope }, 'some processes could not be killed');
      await this.#end('Claude Code was killed.');
    } catch (error) {
      if (failureOf(error).code !== 'engine.crashed') throw error;
    }
  }

  async #lay(): Promise<void> {
    await layFolders(this.#folders);
    await layTerminal(await this.#home());
  }

  async #home(): Promise<HomeAim> {
    const { home, workspace } = this.options;
    return { home, workspace: await this.#runner.realPath(workspace), env: this.#harmless, runner: this.#runner };
  }

  get #harmless(): Record<string, string> {
    return harmlessOf(this.options.env);
  }

  get #folders(): Folders {
    const { workspace, home, profile } = this.options;
    return { workspace, home, env: this.#harmless, runner: this.#runner, importMemory: !profile.trustRepository };
  }

  /** The terminal for a turn: the running one, or another start, which goes on with the conversation if there is one. */
  async #prepare(turn: Turn, signal: AbortSignalLike): Promise<Running> {
    const start = startOf(this.options.profile, turn);
    const running = this.#running;
    if (running?.claude.alive && isSame(running.start, start) && turn.freshFiles !== true) return running;
    if (signal.aborted) throw new RemudaError('job.cancelled', 'The turn was interrupted before it began.');
    if (running?.claude.conversed) this.#resumes ??= running.sessionId;
    return this.#begin(start);
  }

  async #begin(start: Start): Promise<Running> {
    if (this.#dead) throw new RemudaError('engine.crashed', 'The engine has been killed.');
    await this.#end('Claude Code was ended: it is started anew.');
    const resumed = this.#resumes;
    this.#resumes = undefined;
    const sessionId = resumed ?? randomUUID();
    const running: Running = { claude: await this.#claude(start, sessionId, resumed !== undefined), start, sessionId };
    await running.claude.start();
    this.#running = running;
    void running.claude.ended.then((reason) => {
      if (!this.#dead && !this.#turning && this.#running === running) this.options.onExit?.(reason);
    });
    await this.#settle();
    return running;
  }

  async #claude(start: Start, sessionId: string, resumes: boolean): Promise<InteractiveClaude> {
    const { claude, clock, profile, responses } = this.options;
    const { folder, script, settings, request, errors } = this.#files;
    const home = await this.#home();
    const shell = (await this.#runner.exists('/bin/bash')) ? { SHELL: '/bin/bash' } : {};
    const env = { ...this.#env, ...shell };
    this.#server ??= new TmuxServer({ runner: this.#runner, config: this.#files.config, env, ...this.#socket });
    const calls = join(folder, `calls-${randomUUID()}`);
    await writeTerminalFile(home, calls, '');
    await writeTerminalFile(
      home,
      settings,
      JSON.stringify(terminalSettings(start, { script, calls, responses, request })),
    );
    const { trustRepository } = profile;
    return new InteractiveClaude({
      ...{ server: this.#server, runner: this.#runner, clock, env, session: this.#session, workspace: home.workspace },
      ...{ model: start.model, form: formOf(start), calls, errors, sessionId, resumes, limits: this.#limits },
      transcript: join(transcriptsIn(home.home, home.workspace), `${sessionId}.jsonl`),
      argv: (again) => [
        claude,
        ...terminalArguments(start, {
          settings,
          trustRepository,
          session: [again ? '--resume' : '--session-id', sessionId],
        }),
        ...(this.options.claudeArgs ?? []),
      ],
      clean: async () => {
        await this.#sweep(0);
      },
      onStop: ({ failed, text }) => {
        const { bridgeToken } = start;
        if (this.#requestId === undefined) return;
        this.options.onStop?.({
          requestId: this.#requestId,
          status: failed ? 'failed' : 'succeeded',
          text,
          bridgeToken,
        });
      },
      onRebuilt: () => {
        this.#tellWarning?.(
          'The terminal of Claude Code ended in the middle of the turn; the session was resumed in a new one.',
        );
        void this.#settle();
      },
    });
  }

  /** A user that only the engine uses has tmux's usual socket, for those who look for it there. */
  get #socket(): { readonly socket?: string } {
    return this.#runner.alone ? {} : { socket: `remuda-${this.#scope.slice(0, 8)}` };
  }

  /** Notes what runs while nothing of a job does. */
  async #settle(): Promise<void> {
    this.#serverPid = await this.#server?.pid();
    const seen = await present({ runner: this.#runner, scope: this.#scope }, () => this.#pids);
    if (!this.#turning || this.#baseline.size === 0) this.#baseline = new Set(seen.map(nameOf));
  }

  get #pids(): readonly number[] {
    return [...(this.#running?.claude.pids ?? []), ...(this.#serverPid === undefined ? [] : [this.#serverPid])];
  }

  async #end(reason: string): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (!running?.claude.alive) return;
    running.claude.kill(reason);
    await running.claude.ended;
  }

  async #proveEnd(rung: EndingRung, since: number): Promise<Ended> {
    const { by = rung, left } = await this.#sweep(this.#limits.terminateMs);
    return { by: laterRung(rung, by), processesLeft: left, ms: Math.round(this.options.clock.monotonic() - since) };
  }

  /** Ends what a turn has left. */
  #sweep(terminateMs: number): Promise<Swept> {
    return this.#sweepOf(terminateMs, () => this.#pids, this.#baseline);
  }

  /** Ends everything. */
  #sweepAll(terminateMs: number): Promise<Swept> {
    return this.#sweepOf(terminateMs, () => [], new Set());
  }

  #sweepOf(terminateMs: number, roots: () => readonly number[], baseline: ReadonlySet<string>): Promise<Swept> {
    const { clock } = this.options;
    const aim = { runner: this.#runner, scope: this.#scope, spared: () => [], limitMs: this.#limits.killMs, clock };
    return sweep({ ...aim, roots, baseline, terminateMs });
  }
}
