import type { GitUrlRules, PushCredential } from '@remuda/domain';
import { configVariables } from '../config-variables.js';
import type { GitRun } from '../git.js';
import { reach, type Resolve } from '../reach.js';

/** The repository's server, as git reaches it with the job's credential. */
export interface Remote {
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  /** Text without the token, in whichever form the server repeats it. */
  readonly hide: (text: string) => string;
}

/** Dependencies of reaching it. */
export interface RemoteParts {
  readonly rules: GitUrlRules;
  readonly resolve: Resolve;
  readonly run: Pick<GitRun, 'env'>;
}

/** Checks where a repository is, and adds the credential; the host's own ones are not asked. Rejects as `reach` does. */
export async function reachRemote(
  { url, credential }: { readonly url: string; readonly credential: PushCredential },
  { rules, resolve, run }: RemoteParts,
): Promise<Remote> {
  const way = await reach(url, rules, { resolve, sshCommand: 'false' });
  const basic = Buffer.from(`${credential.user}:${credential.token}`).toString('base64');
  const forms = [basic, credential.token, encodeURIComponent(credential.token)];
  const env = {
    ...run.env,
    ...way.env,
    GIT_ALLOW_PROTOCOL: 'https:http',
    GIT_ASKPASS: '',
    SSH_ASKPASS: '',
    GIT_TRACE_REDACT: '1',
    ...configVariables({
      ...way.config,
      'credential.helper': '',
      'core.askPass': '',
      [`http.${credential.place}.extraHeader`]: `Authorization: Basic ${basic}`,
      'push.followTags': 'false',
      'push.gpgSign': 'false',
      'push.recurseSubmodules': 'no',
    }),
  };
  return { url: way.url, env, hide: (text) => forms.reduce((hidden, form) => hidden.replaceAll(form, '…'), text) };
}
