import { isReservedName, type Turn } from '@remuda/domain';
import { bridgeTokenHeader, idleToken } from '@remuda/protocol';
import type { BridgeAddress } from '../options.js';

/** The variable that marks every process of one engine; child processes inherit it. */
export const scopeVariable = 'REMUDA_SCOPE';

/** Variables that the agent inherits. */
const inherited = ['PATH', 'LANG', 'LANGUAGE', 'LC_ALL', 'LC_CTYPE', 'TZ', 'TERM', 'COLORTERM', 'TMPDIR'];

/** What determines the agent's environment. */
export interface EnvironmentAim {
  readonly base: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly bridge: BridgeAddress;
  readonly scope: string;
  readonly root: boolean;
  readonly modelRetries: number;
  readonly toolsEnv: string;
}

/** The agent's complete environment. Its credential is the placeholder of a worker without a job. */
export function environmentOf(aim: EnvironmentAim): Record<string, string> {
  return {
    ...harmlessOf(aim.base),
    HOME: aim.home,
    [scopeVariable]: aim.scope,
    ...addressOf(aim.bridge),
    ANTHROPIC_AUTH_TOKEN: idleToken,
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_DISABLE_AUTO_MEMORY: '1',
    CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1',
    // The model gets the requested model: otherwise an old name would be mapped to a newer model.
    CLAUDE_CODE_DISABLE_LEGACY_MODEL_REMAP: '1',
    CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS: '1',
    CLAUDE_CODE_MAX_RETRIES: String(aim.modelRetries),
    // Bash ignores BASH_ENV if it believes that it is a remote shell, which it does at the first level.
    BASH_ENV: aim.toolsEnv,
    SHLVL: '1',
    ...(aim.root ? { IS_SANDBOX: '1' } : {}),
  };
}

/** The part of an environment that any program may see. */
export function harmlessOf(base: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = inherited.flatMap((name) => {
    const value = base[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}

/** Claude Code accepts a unix socket only together with a plain http base URL. */
function addressOf(bridge: BridgeAddress): Record<string, string> {
  return 'socket' in bridge
    ? { ANTHROPIC_UNIX_SOCKET: bridge.socket, ANTHROPIC_BASE_URL: 'http://api.internal' }
    : { ANTHROPIC_BASE_URL: bridge.url };
}

/**
 * The variable with the credential for the bridge. `ANTHROPIC_AUTH_TOKEN` would not work: with a unix socket Claude
 * Code reads it only at its start.
 */
export function credentialEnv(token: string): Record<string, string> {
  return { ANTHROPIC_CUSTOM_HEADERS: `${bridgeTokenHeader}: ${token}` };
}

/** The variables that a turn's environment must not set. */
export function reservedNames(env: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(env).filter(isReservedName);
}

/** Names the proxy to the script before each command: Claude Code itself must not use it. */
const proxyVariable = 'REMUDA_EGRESS_PROXY';

/** The environment that Claude Code gets for a turn's tools. */
export function toolsEnvironment({ env, egressProxy }: Pick<Turn, 'env' | 'egressProxy'>): Record<string, string> {
  return { ...env, ...(egressProxy === undefined ? {} : { [proxyVariable]: egressProxy }) };
}

/**
 * What Bash runs before each command of the agent: the agent's own settings are hidden from its tools. What Claude Code
 * itself sets for its tools (CLAUDECODE, CLAUDE_CODE_EXECPATH, …) stays: its `grep` and `find` need it. If the job may
 * reach hosts, its tools get the proxy that leads there, by the names that they read: curl, git, apt, npm, pip, cargo and
 * go the usual ones, Node.js another one, and Java properties.
 */
export const toolsEnvScript = `unset \${!ANTHROPIC_@} \${!CLAUDE_CODE_DISABLE_@} CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS CLAUDE_CODE_MAX_RETRIES DISABLE_AUTOUPDATER
if [ -n "\${${proxyVariable}:-}" ]; then
  export HTTP_PROXY="$${proxyVariable}" HTTPS_PROXY="$${proxyVariable}" http_proxy="$${proxyVariable}" https_proxy="$${proxyVariable}"
  export NO_PROXY=localhost,127.0.0.1,::1 no_proxy=localhost,127.0.0.1,::1 NODE_USE_ENV_PROXY=1
  proxy_port="\${${proxyVariable}##*:}"
  export JAVA_TOOL_OPTIONS="-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=$proxy_port -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=$proxy_port -Dhttp.nonProxyHosts=localhost|127.0.0.1|[::1] -Daether.connector.http.useSystemProperties=true"
  unset ${proxyVariable} proxy_port
fi
`;
