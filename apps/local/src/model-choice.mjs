/** The variables that hold a credential for the real model, in the order in which they are looked for. */
export const credentialVariables = ['ANTHROPIC_API_KEY', 'CLAUDE_CODE_OAUTH_TOKEN'];

/**
 * Which model a local cluster uses: the real one when a credential is there, or when a model's URL is given; else the
 * scripted one.
 *
 * @param {Readonly<Record<string, string | undefined>>} env
 * @returns {'real' | 'scripted'}
 */
export function chooseModel(env) {
  return [...credentialVariables, 'REMUDA_MODEL_URL'].some((name) => (env[name] ?? '') !== '') ? 'real' : 'scripted';
}

/**
 * The first line that demo and start print. Says that jobs cost money, unless the model is scripted or on this machine.
 *
 * @param {Readonly<Record<string, string | undefined>>} env
 * @returns {string}
 */
export function describeModel(env) {
  if (chooseModel(env) === 'scripted')
    return `Model: scripted (a stand-in that costs nothing; set ${credentialVariables.join(' or ')} for the real one)`;
  const found = credentialVariables.find((name) => (env[name] ?? '') !== '');
  const credential = found === undefined ? 'no credential of ours' : `credential from ${found}`;
  const url = env['REMUDA_MODEL_URL'] ?? '';
  if (isOfThisMachine(url)) return `Model: the one at ${url} on this machine (${credential})`;
  return `Model: the real one${url === '' ? '' : ` at ${url}`} (${credential}; jobs cost money)`;
}

/** @param {string} url */
function isOfThisMachine(url) {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
