/** A pull request at its host. */
export interface PullRequest {
  readonly number: number;
  readonly url: string;
}

/** What a pull request asks for. */
export interface PullRequestDraft {
  readonly branch: string;
  readonly base: string;
  readonly title: string;
  readonly body: string;
  readonly draft: boolean;
}

/** The API of a host, for one repository. Each call rejects with the library's `RequestError`. */
export interface PullRequests {
  /** The open one of a branch; undefined if there is none. */
  find(of: Pick<PullRequestDraft, 'branch' | 'base'>): Promise<PullRequest | undefined>;
  open(draft: PullRequestDraft): Promise<PullRequest>;
  /** Changes what is given. */
  change(number: number, to: Partial<Pick<PullRequestDraft, 'title' | 'body'>>): Promise<void>;
}

/** Asks an API: the route is `METHOD /path/{name}`, further values are its query or body. */
export type Ask = (route: string, values: Readonly<Record<string, unknown>>) => Promise<unknown>;
