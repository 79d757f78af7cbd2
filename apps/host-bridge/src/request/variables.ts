/** Variables that every client may set. */
const plain: ReadonlySet<string> = new Set([
  ...['TERM', 'COLORTERM', 'NO_COLOR', 'FORCE_COLOR', 'LANG', 'LANGUAGE', 'TZ', 'CI'],
  ...['LC_ALL', 'LC_CTYPE', 'LC_MESSAGES', 'LC_TIME', 'LC_NUMERIC', 'LC_COLLATE'],
]);

/**
 * Variables that no list of a client can open: they change which code runs, where requests and credentials go, or what
 * the sandbox is.
 */
const never: readonly RegExp[] = [
  /^(LD|DYLD|NODE|BUN|NPM|GIT|SSH|ANTHROPIC|CLAUDE|AWS|GOOGLE|AZURE|REMUDA|XDG|PYTHON|PERL|RUBY)(_|$|[A-Z]*OPT)/i,
  /^(PATH|HOME|SHELL|USER|LOGNAME|PWD|IFS|ENV|BASH_ENV|PS4|PROMPT_COMMAND|EDITOR|VISUAL|PAGER|BROWSER|IS_SANDBOX)$/i,
  /^(HTTP|HTTPS|ALL|NO)_PROXY$/i,
  /(TOKEN|SECRET|PASSWORD|API_KEY)$/i,
];

/** Whether a client's list may open a variable. */
export const canOpen = (name: string): boolean => !never.some((pattern) => pattern.test(name));

/** The first variable that a client may not set; undefined if it may set all of them. */
export function forbiddenVariable(names: readonly string[], opened: readonly string[]): string | undefined {
  return names.find((name) => !plain.has(name) && !(opened.includes(name) && canOpen(name)));
}
