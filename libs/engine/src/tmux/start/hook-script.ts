/**
 * What Claude Code's hooks run, in plain sh: a Stop hook that started Node would keep the turn's end for 40 ms. `$1` is
 * the kind of call, `$2` the file to which calls are appended for the engine, `$3` the folder of responses or nothing,
 * `$4` the file with the id of the request. A response has its name only once it is complete.
 */
export const hookScript = `input=$(cat)
answer() {
  [ -n "$3" ] && read -r id < "$4" && [ -n "$id" ] || return 0
  printf '{"requestId":"%s","status":"%s","hook":%s}\\n' "$id" "$1" "$input" > "$3/.$id.$$" && mv "$3/.$id.$$" "$3/$id.json"
}
deny='{"hookSpecificOutput":{"hookEventName":"PermissionRequest","decision":{"behavior":"deny","message":"Nobody is here to permit this."}}}'
inplace='{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny","permissionDecisionReason":"Subagents work in the same folder here: changes in a separate worktree are not collected. Call it without \`isolation\`."}}'
case $1 in
  stop) answer succeeded "$2" "$3" "$4" 2>/dev/null ;;
  failed) answer failed "$2" "$3" "$4" 2>/dev/null ;;
  asked) printf '%s\\n' "$deny" ;;
  agent) case $input in *'"isolation":"'*) printf '%s\\n' "$inplace" ;; esac; exit 0 ;;
esac
printf '%s %s\\n' "$1" "$input" >> "$2"
`;

/** Claude Code's hooks, and the kind of call that each is. */
const kinds = {
  SessionStart: 'start',
  UserPromptSubmit: 'submit',
  Stop: 'stop',
  StopFailure: 'failed',
  PermissionRequest: 'asked',
} as const;

/** Paths that a hook is called with. */
export interface HookPaths {
  readonly script: string;
  readonly calls: string;
  readonly responses: string | undefined;
  readonly request: string;
}

/** The `hooks` of Claude Code's settings. The first request to the model does not wait for the hook of its prompt. */
export function hooksOf({ script, calls, responses = '', request }: HookPaths): object {
  const command = (kind: string): string => ['/bin/sh', script, kind, calls, responses, request].map(quoted).join(' ');
  const hook = (kind: string, matcher?: string): readonly object[] => [
    {
      ...(matcher === undefined ? {} : { matcher }),
      hooks: [{ type: 'command', command: command(kind), timeout: 10, ...(kind === 'submit' ? { async: true } : {}) }],
    },
  ];
  const told = Object.entries(kinds).map(([name, kind]) => [name, hook(kind)] as const);
  return { ...Object.fromEntries(told), PreToolUse: hook('agent', 'Agent|Task') };
}

/** For a shell: any text is one word. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
