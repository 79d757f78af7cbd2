import {
  branchFault,
  credentialFor,
  protectionOf,
  pushUrlOf,
  readPushCredentials,
  RemudaError,
  type GitService,
  type GitUrlRules,
  type PushCredential,
  type PushOutcome,
  type SecretVault,
} from '@remuda/domain';
import type { BridgeGrant, PushNote } from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';
import type { BridgeMetrics } from '../../metrics.js';
import type { GitRun } from '../git.js';
import type { Mirror } from '../mirrors/mirror.js';
import type { Mirrors } from '../mirrors/mirrors.js';
import type { Resolve } from '../reach.js';
import { openPullRequest } from '../pull-request/open-pull-request.js';
import { pageOf } from './page.js';
import { withQuarantine, type Quarantine, type QuarantineLimits } from './quarantine.js';
import { PushRefusal } from './refusal.js';
import type { PushedCommits } from './pushed-commits.port.js';
import { reachRemote, type Remote } from './remote.js';
import { sendCommits } from './send-commits.js';
import { goOnFrom } from './go-on-from.js';

/** Dependencies of pushing. */
export interface PushParts {
  readonly mirrors: Mirrors;
  readonly vault: SecretVault;
  readonly pushed: PushedCommits;
  readonly rules: GitUrlRules;
  readonly resolve: Resolve;
  readonly run: GitRun;
  /** Names of branches that are never pushed to. */
  readonly protectedNames: readonly string[];
  /** Hosts of the operator's own that have pull requests. */
  readonly services: readonly GitService[];
  /** Timeout of a request to the API of a host, in ms. Default 15 s. */
  readonly apiMs?: number | undefined;
  readonly limits: QuarantineLimits;
  readonly metrics: Pick<BridgeMetrics, 'pushes'>;
  readonly log: Logger;
}

/** What a worker wants pushed. */
export interface Pushed {
  readonly note: PushNote;
  /** A pack. It comes from a container. */
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * Pushes the commits of a job to the branch that its grant names: after they were checked in a repository of their own, by the
 * credential that is meant for this repository, and never with force. Rejects only for faults of ours.
 */
export async function push(
  grant: BridgeGrant,
  { note, content }: Pushed,
  parts: PushParts,
  signal: AbortSignal,
): Promise<PushOutcome> {
  const branch = grant.push?.branch ?? '';
  try {
    const outcome = await pushTo(grant, { note, content }, parts, signal);
    parts.metrics.pushes.inc({ outcome: outcome.state });
    parts.log.info({ job: grant.job, branch, commit: outcome.commit }, 'commits pushed');
    return outcome;
  } catch (error) {
    const refusal = refusalOf(error);
    if (!refusal) throw error;
    parts.metrics.pushes.inc({ outcome: refusal.reason });
    parts.log.warn({ job: grant.job, branch, reason: refusal.reason, why: refusal.message }, 'commits are not pushed');
    return { state: 'failed', branch, reason: refusal.reason, message: refusal.message };
  }
}

async function pushTo(
  { job, git, push: to }: BridgeGrant,
  { note, content }: Pushed,
  parts: PushParts,
  signal: AbortSignal,
): Promise<PushOutcome> {
  if (!git || !to) throw new PushRefusal('invalid', 'The job does not push.');
  const { branch } = to;
  const fault = branchFault(branch);
  if (fault !== undefined) throw new PushRefusal('invalid', `The branch ${fault}.`);
  const { url, credential } = await wayOf(git.url, to, parts);
  return parts.mirrors.use(git.url, async (mirror) => {
    await holdBase(mirror, { base: note.base, ref: git.ref }, signal);
    const defaultBranch = await mirror.defaultBranch(signal);
    const { protectedNames } = parts;
    const protection = protectionOf(branch, {
      ...{ protectedNames },
      ...(git.ref === undefined ? {} : { ref: git.ref }),
      ...(defaultBranch === undefined ? {} : { defaultBranch }),
    });
    if (protection !== undefined) throw new PushRefusal('protected', `The branch ${branch} ${protection}.`);
    const { run, limits } = parts;
    return withQuarantine(
      mirror.folder,
      { ...run, signal: AbortSignal.any([run.signal, signal]) },
      async (quarantine) => {
        await quarantine.take(content, note, limits);
        const remote = await reachRemote({ url, credential }, parts);
        const commit = await sendOn(quarantine, { remote, branch, note, owner: to.owner ?? job }, parts);
        const commits = await quarantine.count(note.base, commit);
        const outcome = { state: 'pushed', branch, commit, commits, url: pageOf(url, branch, parts.services) } as const;
        if (!to.pullRequest) return outcome;
        const usualBase = await baseOf(quarantine, { remote, ref: git.ref, defaultBranch });
        const base = to.pullRequest.base ?? usualBase;
        const usual = { title: await quarantine.firstSubject(note.base, commit), body: `Changes of the job ${job}.` };
        const of = { ...{ url, branch, base, usual, credential }, wish: to.pullRequest };
        const { services, resolve, apiMs } = parts;
        const pullRequest = await openPullRequest(of, { services, resolve, apiMs, hosts: parts.rules.hosts }, signal);
        if (pullRequest.state === 'failed')
          parts.log.warn({ job, branch, ...pullRequest }, 'no pull request is opened');
        return { ...outcome, pullRequest };
      },
    );
  });
}

/** The branch into which a pull request asks to be merged, unless the job names one. */
async function baseOf(
  quarantine: Quarantine,
  of: { readonly remote: Remote; readonly ref: string | undefined; readonly defaultBranch: string | undefined },
): Promise<string> {
  const { remote, ref } = of;
  const defaultBranch = of.defaultBranch?.replace(/^refs\/heads\//, '') ?? 'main';
  const branch = ref?.replace(/^refs\/heads\//, '');
  if (branch === undefined || branchFault(branch) !== undefined) return defaultBranch;
  return (await quarantine.tipOf(branch, remote)) === undefined ? defaultBranch : branch;
}

interface Sending {
  readonly remote: Remote;
  readonly branch: string;
  readonly note: PushNote;
  /** The session, or the job. */
  readonly owner: string;
}

/**
 * Sends the commits; where the branch has others, after they were made to go on from these, if they are the owner's own. Resolves with
 * the commit to which the branch points then.
 */
async function sendOn(
  quarantine: Quarantine,
  { remote, branch, note, owner }: Sending,
  { pushed, log }: Pick<PushParts, 'pushed' | 'log'>,
): Promise<string> {
  const send = async (head: string): Promise<string> => {
    // without the record, only a later push that has to go on from this one fails
    await pushed.note(owner, head).catch((err: unknown) => {
      log.warn({ err, owner }, 'it is not recorded that these commits are pushed');
    });
    await sendCommits(quarantine, remote, { branch, head });
    return head;
  };
  try {
    return await send(note.head);
  } catch (error) {
    if (!(error instanceof PushRefusal && error.reason === 'branch_exists')) throw error;
    const tip = await quarantine.tipOf(branch, remote);
    if (tip === undefined || !(await pushed.has(owner, tip))) throw error;
    await quarantine.fetch(branch, remote);
    // What the branch has already would only take back what came after it.
    const isBehind = await quarantine.git(['merge-base', '--is-ancestor', note.head, tip]).then(
      () => true,
      () => false,
    );
    if (isBehind) throw error;
    const head = await goOnFrom(quarantine, tip, note);
    return head === tip ? tip : send(head);
  }
}

/** Where to push, and with which credential: one that the tenant's secret has for exactly this place. */
async function wayOf(
  url: string,
  { credential: name, tenant }: NonNullable<BridgeGrant['push']>,
  { vault }: PushParts,
): Promise<{ readonly url: string; readonly credential: PushCredential }> {
  const to = pushUrlOf(url);
  if (to === undefined)
    throw new PushRefusal('credential', 'Only repositories at https: URLs, or fetched by ssh, can be pushed to.');
  const secret = await vault.find(tenant, name);
  if (secret === undefined)
    throw new PushRefusal('credential', `The bridge has no secret ${name} of the job’s tenant.`);
  const credentials = readPushCredentials(secret);
  if (credentials.length === 0)
    throw new PushRefusal('credential', `The secret ${name} has no line of the form https://USER:TOKEN@HOST/PATH.`);
  const credential = credentialFor(to, credentials);
  if (!credential)
    throw new PushRefusal('credential', `The secret ${name} has no credential that is meant for this repository.`);
  return { url: to, credential };
}

/** Makes sure that the commit from which the job started is one of the repository's own. */
async function holdBase(
  mirror: Mirror,
  { base, ref }: { readonly base: string; readonly ref: string | undefined },
  signal: AbortSignal,
): Promise<void> {
  if (await mirror.has(base, signal)) return;
  await mirror.refresh(ref, signal);
  if (!(await mirror.has(base, signal)))
    throw new PushRefusal('invalid', 'The commit from which the job started is not in the repository.');
}

function refusalOf(error: unknown): PushRefusal | undefined {
  if (error instanceof PushRefusal) return error;
  if (!(error instanceof RemudaError)) return undefined;
  if (error.code === 'workspace.unavailable' || error.code === 'redis.unavailable')
    return new PushRefusal('unavailable', error.message);
  return error.code === 'workspace.failed' ? new PushRefusal('refused', error.message) : undefined;
}
