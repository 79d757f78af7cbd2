import { oneOf, type Setting } from '@remuda/domain';

/** The variables that say where the model is, and with which credential it is reached. */
export const credentialSettings = {
  modelUrl: {
    env: 'REMUDA_MODEL_URL',
    about: 'Base URL of the Messages API.',
    unit: 'url',
    default: new URL('https://api.anthropic.com'),
    parse: webUrl,
  },
  credential: {
    env: 'REMUDA_MODEL_CREDENTIAL',
    about: '`none`: the model at REMUDA_MODEL_URL needs no credential. Not accepted for Anthropic.',
    unit: 'word',
    default: undefined,
    parse: oneOf(['none']),
  },
  apiKey: {
    env: 'ANTHROPIC_API_KEY',
    about: 'API key for the model. No job sees it.',
    unit: 'string',
    default: undefined,
    secret: true,
    parse: headerValue,
  },
  oauthToken: {
    env: 'CLAUDE_CODE_OAUTH_TOKEN',
    about: "A user's OAuth token for the model, used if there is no API key. No job sees it.",
    unit: 'string',
    default: undefined,
    secret: true,
    parse: headerValue,
  },
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

/** A URL of the web; the fault does not repeat it, since it may contain a password. */
function webUrl(value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !['https:', 'http:'].includes(url.protocol))
    throw new Error('expected a URL that begins with https: or http:');
  return url;
}

/** A secret that is sent as a header; the fault does not repeat it. */
function headerValue(value: string): string {
  if (!/^[\x21-\x7e]+$/.test(value)) throw new Error('expected printable characters without spaces');
  return value;
}
