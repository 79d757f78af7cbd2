/** The pull request (at GitLab: merge request) that the bridge opens after a push. */
export interface PullRequestWish {
  /** Default: the subject of the first commit that is pushed. */
  readonly title?: string;
  /** Markdown. Default: a line that names the job. */
  readonly body?: string;
  /** The branch into which it asks to be merged. Default: the ref of the job where that is a branch, else the default branch. */
  readonly base?: string;
  /** Default false. */
  readonly draft?: boolean;
}

/** Maximum lengths, in characters: hosts refuse longer ones. */
export const pullRequestLimits = { title: 250, body: 60_000 } as const;

export const pullRequestFailures = ['unsupported', 'credential', 'refused', 'limited', 'unavailable'] as const;
/**
 * Why no pull request was opened. `unsupported`: the host is not known to have them; `credential`: the host does not accept it
 * for this; `refused`: by the host, for another reason; `limited`: its limit on requests is reached; `unavailable`: it was not reached.
 */
export type PullRequestFailure = (typeof pullRequestFailures)[number];

/** What came of it. `updated`: there was an open one for the branch. */
export interface PullRequestOutcome {
  readonly state: 'opened' | 'updated' | 'failed';
  /** Its page. */
  readonly url?: string;
  readonly number?: number;
  readonly reason?: PullRequestFailure;
  /** What happened, in a sentence, if it failed. */
  readonly message?: string;
}

export const gitServiceKinds = ['github', 'gitlab'] as const;
export type GitServiceKind = (typeof gitServiceKinds)[number];

/** A host of repositories that has pull requests. */
export interface GitService {
  /** With the port, where it is not the usual one. */
  readonly host: string;
  readonly kind: GitServiceKind;
  /** Where its API is, without a slash at the end. Default: `/api/v3` or `/api/v4` of the host. */
  readonly api?: string;
}

const publicServices: readonly GitService[] = [
  { host: 'github.com', kind: 'github', api: 'https://api.github.com' },
  { host: 'gitlab.com', kind: 'gitlab', api: 'https://gitlab.com/api/v4' },
];

/**
 * Reads the operator's own services, separated by commas: `git.example.com=gitlab`, or with the URL of the API,
 * `git.example.com:8443=github@https://api.example.com/v3`. Throws on anything else.
 */
export function readGitServices(text: string): readonly GitService[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .map((each) => {
      const [, host, name, api] = /^([^=@/\s]+)=([a-z]+)(?:@(https?:\/\/[^\s?#@]+))?$/i.exec(each) ?? [];
      const kind = gitServiceKinds.find((known) => known === name?.toLowerCase());
      if (host === undefined || kind === undefined)
        throw new Error(`expected HOST=github or HOST=gitlab, with @URL for another API, not ${JSON.stringify(each)}`);
      return { host: host.toLowerCase(), kind, ...(api === undefined ? {} : { api: api.replace(/\/+$/, '') }) };
    });
}

/** A repository at a service. */
export interface HostedRepository {
  readonly kind: GitServiceKind;
  readonly api: string;
  /** `owner/project`, or with more groups at GitLab. */
  readonly path: string;
}

/** The repository of an `https:` or `http:` URL at a service; undefined where the host is none, or the path names no repository. */
export function hostedRepositoryOf(url: string, own: readonly GitService[]): HostedRepository | undefined {
  const [, scheme = '', host = '', rest = ''] = /^(https?):\/\/([^/]+)\/(.*)$/i.exec(url) ?? [];
  const named = host.toLowerCase().replace(scheme.toLowerCase() === 'https' ? /:443$/ : /:80$/, '');
  const service = [...own, ...publicServices].find((each) => each.host === named);
  if (!service) return undefined;
  const path = rest.replace(/\/+$/, '').replace(/\.git$/, '');
  const parts = path.split('/');
  if (parts.length < 2 || (service.kind === 'github' && parts.length > 2)) return undefined;
  if (parts.some((part) => !/^[\w.-]+$/.test(part) || /^\.+$/.test(part))) return undefined;
  const version = service.kind === 'github' ? 'v3' : 'v4';
  return { kind: service.kind, path, api: service.api ?? `${scheme.toLowerCase()}://${named}/api/${version}` };
}
