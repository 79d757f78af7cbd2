import { isRecord } from '@remuda/protocol';

/** Checks a tool's input before it runs: a returned sentence refuses the call. */
export type Guard = (input: unknown) => string | undefined;

/** The tools for which Claude Code asks us before it runs them. */
export class Guards {
  constructor(private readonly byTool: Readonly<Record<string, Guard>>) {}

  /** The part of `initialize` that tells Claude Code what to ask. */
  get hooks(): object {
    const tools = Object.keys(this.byTool);
    const PreToolUse = tools.map((tool) => ({ matcher: tool, hookCallbackIds: [tool] }));
    return tools.length === 0 ? {} : { hooks: { PreToolUse } };
  }

  /** The answer to a question of Claude Code: a refusal, or nothing; undefined for questions of others. */
  answer({ subtype, callback_id, input }: Record<string, unknown>): object | undefined {
    if (subtype !== 'hook_callback') return undefined;
    const guard = this.byTool[String(callback_id)];
    const reason = guard?.(isRecord(input) ? input['tool_input'] : undefined);
    if (reason === undefined) return {};
    const permission = { permissionDecision: 'deny', permissionDecisionReason: reason };
    return { hookSpecificOutput: { hookEventName: 'PreToolUse', ...permission } };
  }
}
