import { isRecord } from '@remuda/protocol';
import type { Guard } from './guards.js';

/** What happens to a tool of Claude Code, and why; `docs/tools.md` has the same table. */
interface ToolRule {
  readonly offered: boolean;
  readonly why: string;
}

const kept = (why: string): ToolRule => ({ offered: true, why });
const left = (why: string): ToolRule => ({ offered: false, why });

const afterwards = 'a job is over after its turn: nothing resumes it later';
const background = 'a job has no background work: its processes end with its turn';

/** Every built-in tool that a supported version offers by default, by its name in `session.started`. */
export const toolRules: Readonly<Record<string, ToolRule>> = {
  Bash: kept('in the foreground; processes it leaves running end with the turn'),
  Edit: kept('in the workspace'),
  Glob: kept('if Claude Code has no built-in search'),
  Grep: kept('if Claude Code has no built-in search'),
  NotebookEdit: kept('in the workspace'),
  Read: kept('in the workspace'),
  Skill: kept('those of Claude Code and of a repository that the profile trusts'),
  StructuredOutput: kept('for a job with an `outputSchema`'),
  Task: kept('subagents, in the foreground and in the same folder; `isolation` is refused with the reason'),
  TaskCreate: kept('a to-do list within the turn'),
  TaskGet: kept('a to-do list within the turn'),
  TaskList: kept('a to-do list within the turn'),
  TaskUpdate: kept('a to-do list within the turn'),
  ToolSearch: kept('finds tools whose description Claude Code did not send'),
  WebFetch: kept('if the container has a network'),
  WebSearch: kept('if the bridge permits it'),
  Write: kept('in the workspace'),
  CronCreate: left(afterwards),
  CronDelete: left(afterwards),
  CronList: left(afterwards),
  EnterWorktree: left('changes in another worktree are not collected'),
  ExitWorktree: left('changes in another worktree are not collected'),
  ListAgents: left(background),
  Monitor: left(background),
  ReportFindings: left('nobody sees the list: findings belong in the answer'),
  ScheduleWakeup: left(afterwards),
  SendMessage: left(background),
  TaskOutput: left(background),
  TaskStop: left(background),
  Workflow: left(background),
};

/** The tools that are not offered: Claude Code tells a model that calls one anyway. */
export const notOffered: readonly string[] = Object.keys(toolRules).filter(
  (name) => toolRules[name]?.offered === false,
);

/** Refuses a subagent its own worktree. */
const inSameFolder: Guard = (input) =>
  isRecord(input) && input['isolation'] !== undefined
    ? 'Subagents work in the same folder here: changes in a separate worktree are not collected. Call it without `isolation`.'
    : undefined;

/** Checks of tool input in every job. The tool for subagents has two names. */
export const usualGuards: Readonly<Record<string, Guard>> = { Agent: inSameFolder, Task: inSameFolder };
