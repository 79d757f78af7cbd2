import type { EngineProfile, PermissionMode, ToolRules, Turn } from '@remuda/domain';
import { credentialEnv, toolsEnvironment } from '../../process/environment.js';
import { notOffered } from '../../process/tools.js';
import { joinedPrompt } from '../../turn/needs.js';
import { resultForm, type ResultForm } from '../../result/result-form.js';
import { formPrompt } from '../said/answer-form.js';
import { hooksOf, type HookPaths } from './hook-script.js';

/** Everything that is fixed when Claude Code starts in a terminal: another turn with anything else needs another start. */
export interface Start {
  readonly model: string;
  readonly permissionMode: PermissionMode;
  readonly tools: ToolRules;
  /** Rules of the turn, in addition to the profile's. */
  readonly turnTools: ToolRules;
  readonly appendSystemPrompt: string | undefined;
  readonly outputSchema: Turn['outputSchema'];
  readonly bridgeToken: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What a turn asks of a start. */
export type Asked = Pick<
  Turn,
  'model' | 'permissionMode' | 'tools' | 'appendSystemPrompt' | 'outputSchema' | 'bridgeToken' | 'env' | 'egressProxy'
>;

/** The start that a turn needs; pure. */
export function startOf(profile: EngineProfile, turn: Asked): Start {
  return {
    model: turn.model ?? profile.model,
    permissionMode: turn.permissionMode ?? profile.permissionMode,
    tools: profile.tools,
    turnTools: turn.tools ?? {},
    appendSystemPrompt: joinedPrompt(profile, turn),
    outputSchema: turn.outputSchema,
    bridgeToken: turn.bridgeToken,
    env: toolsEnvironment(turn),
  };
}

/** Whether one start serves for another; pure. */
export function isSame(one: Start, other: Start): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** How the result of a start is asked for. */
export function formOf({ outputSchema }: Start): ResultForm | undefined {
  return outputSchema && resultForm(outputSchema);
}

/** Tools that wait for a person: nobody need be there. */
const waiting = ['AskUserQuestion', 'EnterPlanMode', 'ExitPlanMode'];

/** The flags of the interactive program; pure. */
export function terminalArguments(
  start: Start,
  {
    settings,
    session,
    trustRepository,
  }: {
    readonly settings: string;
    readonly session: readonly ['--session-id' | '--resume', string];
    readonly trustRepository: boolean;
  },
): readonly string[] {
  const form = formOf(start);
  const prompt = [start.appendSystemPrompt, form && formPrompt(form)].filter((part) => part !== undefined).join('\n\n');
  const rules = (flag: string, list: readonly string[]): readonly string[] =>
    list.length === 0 ? [] : [flag, ...list];
  const { tools, turnTools } = start;
  return [
    ...['--model', start.model, '--permission-mode', start.permissionMode, '--settings', settings, ...session],
    ...(trustRepository ? [] : ['--setting-sources', 'user', '--strict-mcp-config']),
    ...(prompt === '' ? [] : ['--append-system-prompt', prompt]),
    ...rules('--allowedTools', [...(tools.allow ?? []), ...(turnTools.allow ?? [])]),
    ...rules('--disallowedTools', [...notOffered, ...waiting, ...(tools.deny ?? []), ...(turnTools.deny ?? [])]),
  ];
}

/** Claude Code's settings for a start: the hooks, and what no command line may show; pure. */
export function terminalSettings(start: Start, hooks: HookPaths): object {
  return {
    skipDangerousModePermissionPrompt: true,
    env: { ...start.env, ...credentialEnv(start.bridgeToken) },
    hooks: hooksOf(hooks),
  };
}

/** Claude Code's own file in a fresh home: with it the interactive program asks nothing at its start; pure. */
export function ownConfig(workspace: string): object {
  return { hasCompletedOnboarding: true, theme: 'dark', projects: { [workspace]: { hasTrustDialogAccepted: true } } };
}
