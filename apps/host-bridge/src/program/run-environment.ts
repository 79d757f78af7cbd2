/** What differs between runs. */
export interface RunEnvironment {
  /** The client's own variables, as far as they are allowed. */
  readonly given: Readonly<Record<string, string>>;
  readonly home: string;
  readonly modelSocket: string;
  /** Stands for the credential, and is worth nothing once the run has ended. */
  readonly token: string;
}

/** The whole environment of a Claude Code: nothing of the bridge's own. */
export function runEnvironment({ given, home, modelSocket, token }: RunEnvironment): Record<string, string> {
  return {
    LANG: 'C.UTF-8',
    TERM: 'dumb',
    ...given,
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: home,
    SHELL: '/bin/bash',
    ANTHROPIC_BASE_URL: 'http://model.internal',
    ANTHROPIC_UNIX_SOCKET: modelSocket,
    ANTHROPIC_AUTH_TOKEN: token,
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: '1',
  };
}
