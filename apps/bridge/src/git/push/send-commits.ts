import { RemudaError, type GitUrlRules, type PushCredential, type PushFailure } from '@remuda/domain';
import type { GitRun } from '../git.js';
import { configVariables } from '../config-variables.js';
import { reach, type Resolve } from '../reach.js';
import type { Quarantine } from './quarantine.js';
import { PushRefusal } from './refusal.js';

/** What is sent, and where to. */
export interface Sending {
  readonly url: string;
  readonly branch: string;
  readonly head: string;
  readonly credential: PushCredential;
}

/** Dependencies of sending. */
export interface SendingParts {
  readonly rules: GitUrlRules;
  readonly resolve: Resolve;
  readonly run: Pick<GitRun, 'env'>;
}

/**
 * Pushes one commit to one branch, without force, hooks, tags, submodules or the host's own credentials. Rejects with a
 * `PushRefusal`.
 */
export async function sendCommits(
  quarantine: Pick<Quarantine, 'git'>,
  { url, branch, head, credential }: Sending,
  { rules, resolve, run }: SendingParts,
): Promise<void> {
  const way = await reach(url, rules, { resolve, sshCommand: 'false' });
  const authorization = `Basic ${Buffer.from(`${credential.user}:${credential.token}`).toString('base64')}`;
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
      [`http.${credential.place}.extraHeader`]: `Authorization: ${authorization}`,
      'push.followTags': 'false',
      'push.gpgSign': 'false',
      'push.recurseSubmodules': 'no',
    }),
  };
  const options = ['--quiet', '--no-verify', '--no-signed', '--no-follow-tags', '--recurse-submodules=no'];
  try {
    await quarantine.git(['push', ...options, '--', way.url, `${head}:refs/heads/${branch}`], { env });
  } catch (error) {
    if (!(error instanceof RemudaError)) throw error;
    const said = [error.message, ...(error.extra.lastLines ?? [])].join('\n');
    const reason = reasonOf(said, error.code === 'workspace.unavailable');
    const words = sentences[reason] ?? error.message.slice(0, 1_000);
    const server = reason === 'refused' ? serverWords(said) : '';
    throw new PushRefusal(reason, hideToken(words + server, credential, authorization));
  }
}

const sentences: Partial<Record<PushFailure, string>> = {
  branch_exists: 'The branch exists, and has commits that the job’s do not go on from.',
  credential: 'The server does not accept the credential for a push.',
  refused: 'The server refuses the push.',
};

/** Git's words of a push that failed, as a reason. */
function reasonOf(said: string, isTrouble: boolean): PushFailure {
  if (/\[rejected\]|non-fast-forward|fetch first/.test(said)) return 'branch_exists';
  if (
    /Authentication failed|could not read (Username|Password)|returned error: (401|403)|Permission to .* denied|not found/i.test(
      said,
    )
  )
    return 'credential';
  if (/\[remote rejected\]|pre-receive hook declined|protected branch/i.test(said)) return 'refused';
  return isTrouble ? 'unavailable' : 'refused';
}

/** What the server itself says of a refusal. */
function serverWords(said: string): string {
  const lines = said
    .split('\n')
    .flatMap((line) => /^(?:remote: |.*\[remote rejected\] )\s*(\S.*)$/.exec(line)?.slice(1) ?? []);
  return lines.length === 0 ? '' : ` It says: ${[...new Set(lines)].join(' ').slice(0, 1_000)}`;
}

/** Text without the token, in whichever form the server repeats it. */
function hideToken(text: string, { token }: PushCredential, authorization: string): string {
  const forms = [authorization.replace('Basic ', ''), token, encodeURIComponent(token)];
  return forms.reduce((hidden, form) => hidden.replaceAll(form, '…'), text);
}
