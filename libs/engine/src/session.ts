import type { EngineProfile, PermissionMode, ToolRules, Turn } from '@remuda/domain';
import { RemudaError } from '@remuda/domain';
import { idleToken } from '@remuda/protocol';
import type { ClaudeProcess } from './claude-process.js';
import { isIdle } from './cli-message.js';
import { credentialEnv } from './environment.js';

/** What the first `initialize` of a process fixes for its life. */
export interface Initial {
  readonly appendSystemPrompt?: string;
  readonly outputSchema?: Turn['outputSchema'];
}

/** What a turn sets on a running process. */
export type Setting = Pick<Turn, 'model' | 'permissionMode' | 'tools' | 'bridgeToken' | 'env'>;

/** A process together with what it is set to: model, mode, rules and environment outlive a turn unless set back. */
export class Session {
  initialised = false;
  /** What the process has cost so far, in dollars; it counts over its whole life. */
  costUsd = 0;
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
  }

  /** Fixes the system prompt and the schema. Must come before the first message, `/clear` included: only the first counts. */
  async initialise(initial: Initial): Promise<void> {
    const { appendSystemPrompt, outputSchema } = initial;
    await this.process.control({
      subtype: 'initialize',
      ...(appendSystemPrompt === undefined ? {} : { appendSystemPrompt }),
      ...(outputSchema === undefined ? {} : { jsonSchema: outputSchema }),
    });
    this.initialised = true;
  }

  /** A new conversation; reads CLAUDE.md, skills and git's state again. */
  async clear(): Promise<void> {
    const idle = this.process.next(isIdle);
    this.process.say('/clear');
    await this.process.inTime(idle, '/clear');
  }

  /** Builds the prompt before there is one to answer. Asks the model API to count tokens, nothing else. */
  async prime(): Promise<void> {
    await this.process.control({ subtype: 'get_context_usage' });
  }

  /** Sets what a turn asks for, where it differs from what is set; the rest is as the profile says. */
  async set(setting: Setting): Promise<void> {
    await this.#setFlags(setting.bridgeToken, setting.env, setting.tools);
    await this.#setModel(setting.model ?? this.profile.model);
    await this.#setMode(setting.permissionMode ?? this.profile.permissionMode);
  }

  /** Takes back all that a turn had set, the credential first. */
  async unset(): Promise<void> {
    await this.set({ bridgeToken: idleToken, env: {} });
  }

  /** An empty string is what comes closest to unsetting a variable. */
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
      throw new RemudaError('internal', `Claude Code did not take the permission mode ${mode}.`);
    this.#mode = mode;
  }
}
