import { readFileSync } from 'node:fs';
import { RemudaError } from '@remuda/domain';
import { chooseCredential, type Credential } from '@remuda/model';
import { isRecord, parseJson } from '@remuda/protocol';

/** Where a credential may come from. */
export interface LoginSource {
  readonly apiKey?: string | undefined;
  readonly oauthToken?: string | undefined;
  readonly credential?: 'none' | undefined;
  readonly modelUrl: URL;
  /** The file in which the host's Claude Code keeps its login. */
  readonly loginFile: string;
}

/**
 * The host's credential: from the environment, otherwise the login of the host's own Claude Code, whose file is read
 * again for each request, since Claude Code renews it there. Throws `credential.missing` if there is none.
 */
export function hostCredential(source: LoginSource): Credential {
  const { apiKey, oauthToken, credential, modelUrl, loginFile } = source;
  if (apiKey !== undefined || oauthToken !== undefined || credential !== undefined) return chooseCredential(source);
  if (readLogin(loginFile) === undefined)
    throw new RemudaError(
      'credential.missing',
      `No credential for the model: log in with "claude" on this host (${loginFile}), or set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN.`,
    );
  return {
    kind: 'oauth',
    sign: (headers) => {
      // An expired one is sent all the same: the model's answer says best what is wrong with it.
      const oauthToken = readLogin(loginFile);
      return oauthToken === undefined ? { ...headers } : chooseCredential({ oauthToken, modelUrl }).sign(headers);
    },
  };
}

/** The access token in a login file; undefined if there is none. */
function readLogin(file: string): string | undefined {
  try {
    const content = parseJson(readFileSync(file, 'utf8'));
    const oauth = isRecord(content) ? content['claudeAiOauth'] : undefined;
    const token = isRecord(oauth) ? oauth['accessToken'] : undefined;
    return typeof token === 'string' && token !== '' ? token : undefined;
  } catch {
    return undefined;
  }
}
