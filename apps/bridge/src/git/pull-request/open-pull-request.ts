import {
  addressFault,
  addressKind,
  bareHost,
  failureOf,
  hostedRepositoryOf,
  isOpenName,
  type GitService,
  type HostRule,
  type PullRequestFailure,
  type PullRequestOutcome,
  type PullRequestWish,
  type PushCredential,
} from '@remuda/domain';
import { isRecord } from '@remuda/protocol';
import type { Resolve } from '../reach.js';
import { gitHub } from './github.js';
import { gitLab } from './gitlab.js';
import { movedTo } from './moved-to.js';
import { pinnedFetch } from './pinned-fetch.js';
import type { Ask, PullRequest, PullRequestDraft, PullRequests } from './service.js';

/** A branch that was pushed, and what is wanted for it. */
export interface PushedBranch {
  /** Of the repository. */
  readonly url: string;
  readonly branch: string;
  readonly base: string;
  readonly wish: PullRequestWish;
  /** What is not in the wish. */
  readonly usual: Pick<PullRequestDraft, 'title' | 'body'>;
  readonly credential: PushCredential;
}

/** Dependencies of opening it. */
export interface PullRequestParts {
  /** The operator's own services. */
  readonly services: readonly GitService[];
  /** Hosts that may be reached although their addresses are not public. */
  readonly hosts: readonly HostRule[];
  readonly resolve: Resolve;
  /** Timeout of each request, in ms. Default: that of `pinnedFetch`. */
  readonly apiMs?: number | undefined;
}

/** An answer of an API, as far as it is looked at. */
interface Answered {
  readonly status: number;
  readonly data: unknown;
  readonly headers: { readonly location?: string };
}

/** No pull request is opened; the message is a sentence for who submitted the job. */
class Refusal extends Error {
  constructor(
    readonly reason: PullRequestFailure,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Opens a pull request for a branch, or takes the open one, and gives that the title and the text of the wish. Never rejects: what
 * was pushed stays.
 */
export async function openPullRequest(
  of: PushedBranch,
  parts: PullRequestParts,
  signal: AbortSignal,
): Promise<PullRequestOutcome> {
  try {
    const requests = await requestsOf(of, parts, signal);
    const { branch, base, wish, usual } = of;
    const { title = usual.title, body = usual.body, draft = false } = wish;
    const open = await requests.find({ branch, base });
    if (open) return { state: 'updated', ...shown(await changed(requests, open, wish)) };
    try {
      return { state: 'opened', ...shown(await requests.open({ branch, base, title, body, draft })) };
    } catch (error) {
      // somebody may have opened one meanwhile
      const other = [409, 422].includes(statusOf(error) ?? 0) ? await requests.find({ branch, base }) : undefined;
      if (!other) throw error;
      return { state: 'updated', ...shown(await changed(requests, other, wish)) };
    }
  } catch (error) {
    const { reason, message } = refusalOf(error);
    const { token } = of.credential;
    const hidden = [token, encodeURIComponent(token)].reduce((text, form) => text.replaceAll(form, '…'), message);
    return { state: 'failed', reason, message: hidden.slice(0, 1_000) };
  }
}

async function changed(
  requests: PullRequests,
  open: PullRequest,
  { title, body }: PullRequestWish,
): Promise<PullRequest> {
  const to = { ...(title === undefined ? {} : { title }), ...(body === undefined ? {} : { body }) };
  if (Object.keys(to).length > 0) await requests.change(open.number, to);
  return open;
}

/** What comes from a host is shown as a link only if it is one. */
function shown({ number, url }: PullRequest): PullRequest | Pick<PullRequest, 'number'> {
  return /^https?:\/\/[^\s"'<>]{1,2000}$/.test(url) ? { number, url } : { number };
}

async function requestsOf(
  { url, credential }: PushedBranch,
  { services, hosts, resolve, apiMs }: PullRequestParts,
  signal: AbortSignal,
): Promise<PullRequests> {
  const repository = hostedRepositoryOf(url, services);
  if (!repository)
    throw new Refusal(
      'unsupported',
      'The repository’s host is not known to have pull requests: REMUDA_GIT_SERVICES of the bridge names those of your own.',
    );
  const { kind, path, api: baseUrl } = repository;
  const fetch = pinnedFetch(await addressesOf(baseUrl, hosts, resolve), apiMs);
  // loaded by the first job that wants it
  const { request } = await import('@octokit/request');
  const client = request.defaults({
    baseUrl,
    headers: { authorization: `Bearer ${credential.token}`, 'user-agent': 'remuda' },
    request: { fetch, signal, log: { warn: () => undefined } },
  });
  const askOnce = async (route: string, values: Readonly<Record<string, unknown>>) =>
    (await client(route, values)) as Answered;
  const ask: Ask = async (route, values) => {
    const { status, data, headers } = await askOnce(route, values);
    if (status < 300) return data;
    const redirect = { location: headers.location, api: baseUrl };
    const page = await movedTo(redirect, async (...asked) => (await askOnce(...asked)).data);
    const where = page === undefined ? 'may have moved.' : `has moved to ${page}: jobs need its new address.`;
    throw new Refusal('refused', `The host answers ${String(status)}: the repository ${where}`);
  };
  return kind === 'github' ? gitHub(path, ask) : gitLab(path, ask);
}

/** The addresses of an API, each of which may be reached. */
async function addressesOf(url: string, hosts: readonly HostRule[], resolve: Resolve): Promise<readonly string[]> {
  const host = bareHost(new URL(url));
  const found = addressKind(host) === undefined ? await resolve(host).catch(() => []) : [host];
  if (found.length === 0) throw new Refusal('unavailable', `The name ${host} could not be resolved.`);
  if (isOpenName(host, hosts)) return found;
  const fault = found.map((address) => addressFault(address, hosts)).find((each) => each !== undefined);
  if (fault !== undefined)
    throw new Refusal(
      'unsupported',
      `The address of ${host} ${fault}: REMUDA_GIT_HOSTS allows hosts of the operator's own network.`,
    );
  return found;
}

/** The answer that the library's error has; undefined if there was none. */
function responseOf(error: unknown): Readonly<Record<string, unknown>> | undefined {
  const { response } = error as { readonly response?: unknown };
  return isRecord(response) ? response : undefined;
}

function statusOf(error: unknown): number | undefined {
  const status = responseOf(error)?.['status'];
  return typeof status === 'number' ? status : undefined;
}

/** The reason of an answer, or of none. */
function refusalOf(error: unknown): { readonly reason: PullRequestFailure; readonly message: string } {
  if (error instanceof Refusal) return error;
  const { message } = failureOf(error);
  const [response, status] = [responseOf(error), statusOf(error)];
  if (!response || status === undefined)
    return { reason: 'unavailable', message: `The host does not answer as expected: ${message}` };
  const headers = isRecord(response['headers']) ? response['headers'] : {};
  const said = `The host answers ${String(status)}: ${wordsOf(response['data']) ?? message}`;
  return { reason: reasonOf(status, headers), message: said };
}

function reasonOf(status: number, headers: Readonly<Record<string, unknown>>): PullRequestFailure {
  const isLimited = headers['x-ratelimit-remaining'] === '0' || headers['retry-after'] !== undefined;
  if (status === 429 || (status === 403 && isLimited)) return 'limited';
  if (status === 401 || status === 403) return 'credential';
  return status >= 500 ? 'unavailable' : 'refused';
}

/** GitLab's `message` may be a list, or an object of lists. */
function wordsOf(data: unknown): string | undefined {
  if (!isRecord(data)) return undefined;
  const { message, error, errors } = data;
  const words = [message, error, errors].filter((each) => each !== undefined && each !== null);
  return words.length === 0
    ? undefined
    : words.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))).join(' ');
}
