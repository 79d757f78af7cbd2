import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '@remuda/client';
import { encodePushNote, type JobRequest } from '@remuda/protocol';
import { script } from '@remuda/scripted-model';
import {
  attackWith,
  bash,
  callsTool,
  carryOut,
  idleWorker,
  maxPushMb,
  openSocket,
  originOf,
  pushSecret,
  type Done,
  type Stage,
} from '../stage.js';
import { seen, type Verdict } from '../verdict.js';
import { trapped } from './patch.js';

const { v } = JSON.parse(encodePushNote({ base: '', head: '' })) as { readonly v: unknown };

/** The way by which commits leave: from within a container, as if its socket stood open to all, and from a client of the api. */
export async function tryPushes(stage: Stage): Promise<readonly Verdict[]> {
  const fromWithin = [...(await foreignTokens(stage)), ...(await ownToken(stage)), ...(await traps(stage))];
  return [...fromWithin, ...(await names(stage)), ...(await places(stage)), await theCredential(stage)];
}

/** A job that pushes to a branch of the stage's repository. */
const pushing = ({ pushes }: Stage, branch: string, more: Partial<JobRequest> = {}): Partial<JobRequest> => ({
  workspace: { kind: 'git', url: pushes.url },
  git: { push: { branch, credential: pushSecret } },
  ...more,
});

/** Tells the token of the job that it is part of. */
const tellToken = bash(`cat /proc/$$/environ | tr '\\0' '\\n' | grep -o 'x-remuda-token: .*'`);
const tokenIn = (text: string): string => /x-remuda-token: ([^\s"\\]+)/.exec(text)?.[1] ?? '';

/** A job that is not to push uses tokens of jobs that are: of one that is over, and of one that runs elsewhere. */
async function foreignTokens(stage: Stage): Promise<readonly Verdict[]> {
  const { api } = stage.cluster;
  const before = await carryOut(stage, 'default', [tellToken], pushing(stage, 'ended'));
  const { worker } = await idleWorker(stage, 'confederate');
  const other = carryOut(stage, 'confederate', [tellToken, bash('sleep 600', 600_000)], pushing(stage, 'theirs'));
  await callsTool(stage, worker);
  const id = (await stage.redis.hget(stage.keys.worker(worker), 'job')) ?? '';
  let theirs = '';
  for await (const event of api.events(id))
    if (event.type === 'tool.returned' && (theirs = tokenIn(event.data.output)) !== '') break;
  const told = { part: 'foreign', v, ended: tokenIn(before.outputs.join('\n')), theirs };
  const done = await opened(stage, [attackWith('push.mjs', told)], {
    workspace: { kind: 'git', url: stage.pushes.url },
  });
  await api.cancel(id);
  await other;
  const refs = stage.pushes.refs().join(' ');
  const earnest = told.ended !== '' && theirs !== '' && told.ended !== theirs;
  return [
    ...done.verdicts,
    seen('control.push', earnest, 'both tokens were told'),
    seen('push.other_job', !refs.includes('theirs'), refs),
  ];
}

/**
 * A job with its own token: whatever it says, its own branch goes on from the commits that it pushed first, and no other has any. Commits
 * beside those may be joined with them, as those of a session's next turn are.
 */
async function ownToken(stage: Stage): Promise<readonly Verdict[]> {
  const { pushes } = stage;
  const before = pushes.refs();
  const main = pushes.git('rev-parse', 'main');
  const done = await opened(
    stage,
    [attackWith('push.mjs', { part: 'own', v, maxMb: maxPushMb })],
    pushing(stage, 'mine'),
  );
  const own = before.includes('refs/heads/mine') ? [] : pushes.git('rev-list', '--first-parent', 'mine').split('\n');
  const others = pushes.refs().filter((ref) => ref !== 'refs/heads/mine' && !before.includes(ref));
  const isHidden = pushes
    .git('cat-file', '--batch-all-objects', '--batch-check')
    .includes(String(done.notes['hidden']));
  return [
    ...done.verdicts,
    seen(
      'push.other_branch',
      others.length === 0 && pushes.git('rev-parse', 'main') === main,
      `branches beside its own: ${others.join(' ') || 'none'}; main is as it was`,
    ),
    seen(
      'push.force',
      [0, 1].includes(own.indexOf(String(done.notes['pushed']))),
      `sideways: ${String(done.notes['sideways'])}; its branch goes on from what was pushed first: ${own.join(' ')}`,
    ),
    seen('push.hidden', !isHidden && typeof done.notes['hidden'] === 'string', 'the repository has nothing of it'),
  ];
}

/** Runs a job on a worker whose socket for snapshots and pushes is open to all in its container. */
async function opened(stage: Stage, steps: Parameters<typeof carryOut>[2], more: Partial<JobRequest>): Promise<Done> {
  await openSocket(stage, (await idleWorker(stage, 'default')).worker, 'snapshot');
  return carryOut(stage, 'default', steps, more);
}

/** Traps in the repository, while the worker collects what is to be pushed. */
async function traps(stage: Stage): Promise<readonly Verdict[]> {
  const { done, ran, armed } = await trapped(stage, '', pushing(stage, 'trapped'));
  const push = done.result.git?.push;
  const sprung = ran.filter((name) => !name.startsWith('claude-'));
  return [
    seen('control.push_programs', armed && push?.state === 'pushed', `the push: ${JSON.stringify(push)}`),
    seen('push.programs', sprung.length === 0, `ran: ${sprung.join(', ') || 'nothing'}`),
  ];
}

/** What becomes of a job that a client submits: refused at once, why nothing was pushed, or its state. It has something to push. */
async function endOf({ cluster: { api } }: Stage, job: Partial<JobRequest>): Promise<string> {
  const prompt = script(bash('echo x > x.txt'), { text: 'done' });
  const id = await submitted(api, { prompt, profile: 'default', attempts: 1, ...job });
  if (id === undefined) return 'refused';
  const { state } = await api.over(id);
  const { reason, state: pushed } = (await api.result(id)).git?.push ?? {};
  return reason ?? pushed ?? state;
}

/** The id of a job; undefined if it is refused for what it says. While another scene blocks Redis, the api takes none: then again. */
async function submitted(api: Stage['cluster']['api'], job: JobRequest): Promise<string | undefined> {
  for (let tries = 0; ; tries++)
    try {
      return await api.submit(job);
    } catch (error) {
      if (error instanceof ApiError && error.status === 400) return undefined;
      if (tries > 100) throw error;
      await sleep(500);
    }
}

/** Branches that nobody pushes to. The name of the default branch is on no list: the bridge knows it from the repository. */
async function names(stage: Stage): Promise<readonly Verdict[]> {
  const before = stage.pushes.refs().join(' ');
  const bad = [
    ...['a..b', '../main', 'a/../main', '--force', '-f', '--mirror', '+main', ':main', 'a:main', 'HEAD', '@', 'a@{1}'],
    ...['a\nmain', 'a\0b', 'a b', 'a~1', 'a^', 'a?', 'a*', 'a[b', 'a\\b', '/a', 'a/', 'a//b', 'a.lock', '.a', 'a.'],
    ...['refs/heads/main', 'refs/tags/v1', 'REFS/heads/main', 'x'.repeat(201), '0'.repeat(40), ''],
  ];
  const locked = ['locked', 'LOCKED', 'refs/heads/locked', 'release/1', 'Release/1.2', 'release/a/b'];
  const [wrong, named] = [
    await Promise.all(bad.map((branch) => one(branch))),
    await Promise.all(locked.map((branch) => one(branch))),
  ];
  const main = [];
  // of these the api knows nothing: each is a job that is carried out
  for (const branch of ['main', 'MAIN']) main.push(await one(branch));
  main.push(await one('topic', { workspace: { kind: 'git', url: stage.pushes.url, ref: 'TOPIC' } }));
  const after = stage.pushes.refs().join(' ');
  return [
    seen('push.names', wrong.every(isRefused), `${String(bad.length)} names: ${[...new Set(wrong)].join(', ')}`),
    seen(
      'push.protected',
      named.every(isRefused) && main.join(' ') === 'protected protected refused' && after === before,
      `on the list: ${[...new Set(named)].join(', ')}; main and the job's own ref: ${main.join(', ')}`,
    ),
  ];

  function one(branch: string, more: Partial<JobRequest> = {}): Promise<string> {
    return endOf(stage, { ...pushing(stage, branch), ...more });
  }
}

const isRefused = (end: string): boolean => end === 'refused';

/** Repositories elsewhere, with a credential that is meant for another place. */
async function places(stage: Stage): Promise<readonly Verdict[]> {
  const { pushes, redirect, twin, sites } = stage;
  const at = (url: string): Partial<JobRequest> => ({ workspace: { kind: 'git', url } });
  const inside = String(sites.inside.port);
  const addresses = Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).flatMap(({ family, internal, address }) => (family === 'IPv4' && !internal ? [address] : [])),
  );
  const urls = [
    ...['https://169.254.169.254/team/x', 'ssh://git@169.254.169.254/team/x', 'git@169.254.169.254:team/x'],
    ...['http://metadata.google.internal/team/x', 'http://[::ffff:169.254.169.254]/team/x', 'http://2852039166/team/x'],
    ...[...addresses, '127.0.0.2', '[::1]', '0.0.0.0'].map((host) => `http://${host}:${inside}/team/x`),
  ];
  const asked = sites.inside.requests.length;
  const ends = await Promise.all(urls.map((url) => endOf(stage, { ...pushing(stage, 'inside'), ...at(url) })));
  const came = sites.inside.requests.length - asked;

  const redirected = await endOf(stage, {
    ...pushing(stage, 'redirected'),
    ...at(`${originOf(redirect)}/team/project.git`),
  });
  const sentOn = sites.inside.requests.length - asked - came;
  const wasPushed = redirect.requests.some(({ url }) => String(url).includes('git-receive-pack'));

  pushes.forget();
  const otherPlaces = [
    ...['/TEAM/../team/', '/team/%2e%2e/team/', '/team//../team/'].map((path) => pushes.url.replace('/team/', path)),
    // the same host at another port: it has the repository too, and no credential is meant for it
    `${originOf(twin)}/team/project.git`,
  ];
  const other = [];
  for (const url of otherPlaces) other.push(await endOf(stage, { ...pushing(stage, 'elsewhere'), ...at(url) }));
  const told = twin.requests.filter(({ headers }) => headers.authorization !== undefined).length;
  return [
    seen(
      'push.inside',
      ends.every((end) => end === 'refused' || end === 'failed') && came === 0,
      `${String(urls.length)} addresses: ${[...new Set(ends)].join(', ')}; ${String(came)} requests arrived`,
    ),
    seen('control.push_redirect', wasPushed, 'the push came to the server that redirects'),
    seen(
      'push.redirect',
      sentOn === 0 && redirected !== 'pushed',
      `${redirected}; ${String(sentOn)} requests were sent on`,
    ),
    seen(
      'push.other_place',
      told === 0 && pushes.seen.size === 0 && !other.includes('pushed'),
      `${other.join(', ')}; ${String(told + pushes.seen.size)} requests had a credential`,
    ),
  ];
}

/** The credential in the container of a job that names it as a secret, and in all that is told of pushes. */
async function theCredential(stage: Stage): Promise<Verdict> {
  const { token, user } = stage.pushes;
  const forms = [token, encodeURIComponent(token), Buffer.from(`${user}:${token}`).toString('base64')];
  const named = await endOf(stage, { secrets: [pushSecret] });
  const done = await carryOut(stage, 'default', [bash('env; git config --list; cat ~/.git-credentials')], {
    ...pushing(stage, 'asked'),
  });
  const told = JSON.stringify([done.events, done.result, done.job]);
  return seen(
    'push.credential',
    (named === 'refused' || named === 'failed') && forms.every((form) => !told.includes(form)),
    `a job that names it as a secret: ${named}; nothing that was told has it`,
  );
}
