import { RemudaError } from '@remuda/domain';

/** Adds the real credential to a request's headers. The secret stays inside: printing the credential shows only its kind. */
export interface Credential {
  readonly kind: 'api-key' | 'oauth' | 'none';
  /** The headers with the credential added; `anthropic-beta` is extended for an OAuth token. */
  readonly sign: (headers: Readonly<Record<string, string>>) => Record<string, string>;
}

/** Variables that may hold the credential, in order of precedence. */
export const credentialVariables = ['ANTHROPIC_API_KEY', 'CLAUDE_CODE_OAUTH_TOKEN'] as const;

const oauthBeta = 'oauth-2025-04-20';

/** The environment's settings for the credential. */
export interface CredentialSource {
  readonly apiKey?: string | undefined;
  readonly oauthToken?: string | undefined;
  /** `none`: the model needs no credential; accepted only for a model that is not Anthropic's. */
  readonly credential?: 'none' | undefined;
  readonly modelUrl: URL;
}

/**
 * The credential to use: an API key takes precedence over an OAuth token. Rejects with `credential.missing`, which
 * names the variables.
 */
export function chooseCredential(source: CredentialSource): Credential {
  const { apiKey, oauthToken } = source;
  if (source.credential === 'none' && !isAnthropic(source.modelUrl))
    return { kind: 'none', sign: (headers) => ({ ...headers }) };
  if (apiKey) return { kind: 'api-key', sign: (headers) => ({ ...headers, 'x-api-key': apiKey }) };
  if (oauthToken) return { kind: 'oauth', sign: (headers) => withBearer(headers, oauthToken) };
  throw new RemudaError(
    'credential.missing',
    `No credential for the model: set ${credentialVariables.join(' or ')}. ` +
      'If your own model needs none, set REMUDA_MODEL_URL and REMUDA_MODEL_CREDENTIAL=none.',
  );
}

function withBearer(headers: Readonly<Record<string, string>>, token: string): Record<string, string> {
  const betas = (headers['anthropic-beta'] ?? '').split(',').map((beta) => beta.trim());
  const all = [...betas.filter((beta) => beta !== '' && beta !== oauthBeta), oauthBeta];
  return { ...headers, authorization: `Bearer ${token}`, 'anthropic-beta': all.join(',') };
}

function isAnthropic(url: URL): boolean {
  return /(^|\.)(anthropic|claude)\.com$/.test(url.hostname);
}
