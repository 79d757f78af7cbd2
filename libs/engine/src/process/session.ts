import type { EngineProfile, PermissionMode, ToolRules, Turn } from '@remuda/domain';
import { RemudaError } from '@remuda/domain';
import { idleToken } from '@remuda/protocol';
import type { ClaudeProcess } from './claude-process.js';
import { isIdle, versionOf, type CliMessage } from '../stream/cli-message.js';
import { credentialEnv, toolsEnvironment } from './environment.js';
import { Guards } from './guards.js';
import { usualGuards } from './tools.js';
import { resultForm, resultTool, type ResultForm } from '../result/result-form.js';

/** What the first `initialize` of a process fixes for its lifetime. */
export interface Initial {
  readonly appendSystemPrompt?: string;
  readonly outputSchema?: Turn['outputSchema'];
}

/** What a turn sets on a running process. */
export type Setting = Pick<Turn, 'model' | 'permissionMode' | 'tools' | 'bridgeToken' | 'env' | 'egressProxy'>;

/** A process together with its settings: model, mode, rules and environment outlive a turn unless they are reset. */
export class Session {
  initialised = false;
  /** The process's cost so far, in dollars, over its whole lifetime. */
  costUsd = 0;
  /** How the result is requested, if the process was initialised with a schema. */
  form: ResultForm | undefined;
  /** The version of Claude Code, once it is known. */
  version: string | undefined;
  /** The tools that Claude Code last reported; undefined before its first report. */
  #offered: readonly string[] | undefined;
  #model: string;
  #mode: PermissionMode;
  #ruled = false;
  #env: readonly string[] = [];
  #token = idleToken;

  constructor(
    readonly process: ClaudeProcess,
    private readonly profile: EngineProfile,
  ) {
    this.#model = profile.model;
    this.#mode = profile.permissionMode;
    process.listen((message) => {
      if (message.subtype !== 'init') return;
      this.#offered = toolsOf(message);
      this.version = versionOf(message);
    });
  }

  /**
   * Fixes the system prompt and the schema. Must precede the first message, including `/clear`: only the first counts.
   */
  async initialise({ appendSystemPrompt, outputSchema }: Initial): Promise<void> {
    const form = outputSchema && resultForm(outputSchema);
    const guards = new Guards({
      ...usualGuards,
      ...(form ? { [resultTool]: (output: unknown) => form.faultOf(output) } : {}),
    });
    this.process.asked = (request) => guards.answer(request);
    this.form = form;
    this.#offered = undefined;
    await this.process.control({
      subtype: 'initialize',
      ...(appendSystemPrompt === undefined ? {} : { appendSystemPrompt }),
      ...(form ? { jsonSchema: form.asked } : {}),
      ...guards.hooks,
    });
    this.initialised = true;
  }

  /**
   * Rejects with `result.schema_refused` if Claude Code does not offer its result tool: it silently omits the tool for
   * a schema that it does not accept. Sends no request to the model.
   */
  async proveResultTool(): Promise<void> {
    if (this.form === undefined) return;
    if (this.#offered === undefined) await this.warmUp();
    if (this.#offered?.includes(resultTool)) return;
    throw new RemudaError(
      'result.schema_refused',
      `Claude Code does not offer its tool ${resultTool} for this outputSchema.`,
    );
  }

  /** Runs everything that precedes a model request, without a request; the conversation does not change. */
  async warmUp(): Promise<void> {
    const idle = this.process.next(isIdle);
    this.process.sayNothing();
    await this.process.inTime(idle, 'a message without text');
  }

  /** A new conversation; reads CLAUDE.md, skills and git's state again. */
  async clear(): Promise<void> {
    const idle = this.process.next(isIdle);
    this.process.say('/clear');
    await this.process.inTime(idle, '/clear');
  }

  /** Builds the prompt before there is one to answer. The only model request is a token count. */
  async prime(): Promise<void> {
    await this.process.control({ subtype: 'get_context_usage' });
  }

  /** Applies the turn's settings that differ from the current ones; the rest is as in the profile. */
  async set(setting: Setting): Promise<void> {
    await this.#setFlags(setting.bridgeToken, toolsEnvironment(setting), setting.tools);
    await this.#setModel(setting.model ?? this.profile.model);
    await this.#setMode(setting.permissionMode ?? this.profile.permissionMode);
  }

  /** Resets everything that a turn had set, the credential first. */
  async unset(): Promise<void> {
    await this.set({ bridgeToken: idleToken, env: {} });
  }

  /** Variables cannot be unset; an empty string is the closest. */
  async #setFlags(token: string, env: Readonly<Record<string, string>>, tools?: ToolRules): Promise<void> {
    const emptied = Object.fromEntries(this.#env.map((name) => [name, '']));
    const permissions = {
      ...(tools?.allow ? { allow: tools.allow } : {}),
      ...(tools?.deny ? { deny: tools.deny } : {}),
    };
    const ruled = Object.keys(permissions).length > 0;
    const changed = token !== this.#token || ruled || this.#ruled || Object.keys(env).length + this.#env.length > 0;
    if (!changed) return;
    await this.process.control({
      subtype: 'apply_flag_settings',
      settings: {
        env: { ...emptied, ...env, ...credentialEnv(token) },
        ...(ruled || this.#ruled ? { permissions } : {}),
      },
    });
    this.#env = Object.keys(env);
    this.#ruled = ruled;
    this.#token = token;
  }

  async #setModel(model: string): Promise<void> {
    if (model === this.#model) return;
    await this.process.control({ subtype: 'set_model', model });
    this.#model = model;
  }

  async #setMode(mode: PermissionMode): Promise<void> {
    if (mode === this.#mode) return;
    const answer = await this.process.control({ subtype: 'set_permission_mode', mode });
    if (answer['mode'] !== mode)
      throw new RemudaError('internal', `Claude Code did not accept the permission mode ${mode}.`);
    this.#mode = mode;
  }
}

function toolsOf({ tools }: CliMessage): readonly string[] {
  return Array.isArray(tools) ? tools.filter((each) => typeof each === 'string') : [];
}
