import { RemudaError, failureOf, type PermissionMode } from '@remuda/domain';
import { argumentsOf } from './arguments.js';
import { ClaudeProcess } from './claude-process.js';
import { environmentOf, harmlessOf } from './environment.js';
import { toolsEnvPath } from '../workspace/home.js';
import type { EngineLimits, StreamEngineOptions } from '../options.js';
import { ownUser } from '../runner/local-runner.js';
import type { Runner } from '../runner/runner.port.js';
import { Session, type Initial } from './session.js';
import { makePrimed, makeWarm } from './warm-up.js';

/** Options of starting a process, in addition to the profile. */
interface OwnStart {
  readonly permissionMode?: PermissionMode;
  readonly sessionId?: string;
}

/** Starts Claude Code processes of one engine. Every start settles within the start timeout. */
export class Starter {
  /** Processes that have not ended. */
  readonly running = new Set<ClaudeProcess>();
  readonly #env: Readonly<Record<string, string>>;
  readonly #runner: Runner;
  #shell: Readonly<Record<string, string>> | undefined;
  #closed = false;

  constructor(
    private readonly options: StreamEngineOptions,
    private readonly limits: EngineLimits,
    scope: string,
  ) {
    const { env, home, bridge, runner = ownUser, modelRetries = 4 } = options;
    const { root } = runner;
    this.#runner = runner;
    this.#env = environmentOf({ base: env, home, bridge, scope, root, modelRetries, toolsEnv: toolsEnvPath(home) });
  }

  /** Ids of all running processes. */
  get pids(): readonly number[] {
    return [...this.running].flatMap((one) => one.pid ?? []);
  }

  /** From now on every start rejects with `engine.crashed`. */
  close(): void {
    this.#closed = true;
  }

  /** A process for jobs that need only the profile's settings. */
  warm(): Promise<Session> {
    return this.#start((session) => makeWarm(session, this.options.profile.appendSystemPrompt));
  }

  /** A process in the given mode that is not initialised yet. */
  primed(permissionMode: PermissionMode): Promise<Session> {
    return this.#start(makePrimed, { permissionMode });
  }

  /** An unconfigured process in the given mode: its first answer may take as long as a start. */
  async bare(permissionMode: PermissionMode): Promise<Session> {
    const session = await this.#start(() => Promise.resolve(), { permissionMode });
    session.process.patienceMs = this.limits.startMs;
    return session;
  }

  /** A process that resumes a session; initialised, since Claude Code resumes the session only then. */
  resumed(sessionId: string, permissionMode: PermissionMode, initial: Initial): Promise<Session> {
    return this.#start((session) => session.initialise(initial), { permissionMode, sessionId });
  }

  async #start(ready: (session: Session) => Promise<void>, own: OwnStart = {}): Promise<Session> {
    // Claude Code finds bash itself, but prefers zsh if it finds that first.
    this.#shell ??= (await this.#runner.exists('/bin/bash')) ? { SHELL: '/bin/bash' } : {};
    if (this.#closed) throw new RemudaError('engine.crashed', 'The engine has been killed.');
    const session = this.#spawn(own);
    const startMs = own.sessionId === undefined ? this.limits.startMs : this.limits.resumeMs;
    const timer = new AbortController();
    const late = this.options.clock.sleep(startMs, timer.signal).then(
      () => {
        session.process.kill(`Claude Code was not ready within ${String(startMs)} ms and was killed.`);
      },
      () => undefined,
    );
    try {
      session.process.patienceMs = startMs;
      await ready(session);
      session.process.patienceMs = this.limits.controlMs;
      return session;
    } catch (error) {
      session.process.kill('Claude Code could not be made ready and was killed.');
      const reason = await session.process.ended;
      const { lastLines } = session.process;
      throw new RemudaError('engine.start_failed', reason, { cause: failureOf(error).message, lastLines });
    } finally {
      timer.abort();
      await late;
    }
  }

  #spawn({ sessionId, ...mode }: OwnStart): Session {
    const { claude, workspace, clock, claudeArgs = [] } = this.options;
    const profile = { ...this.options.profile, ...mode };
    const one = new ClaudeProcess({
      claude,
      args: [...argumentsOf(profile), ...(sessionId === undefined ? [] : resumedArgs(sessionId)), ...claudeArgs],
      cwd: workspace,
      env: { ...this.#env, ...this.#shell },
      runner: this.#runner,
      clock,
    });
    this.running.add(one);
    void one.ended.then(() => this.running.delete(one));
    return new Session(one, profile);
  }

  /** The part of the environment for programs that are not Claude Code. */
  get harmlessEnv(): Record<string, string> {
    return harmlessOf(this.options.env);
  }
}

/** A message that was read in an earlier process is dropped without a word; with its return it is known to have been read. Costs 5 ms of each turn. */
const resumedArgs = (sessionId: string): readonly string[] => ['--resume', sessionId, '--replay-user-messages'];
