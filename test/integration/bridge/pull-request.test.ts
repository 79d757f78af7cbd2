import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readGitServices, readHostRules, type PullRequestOutcome, type PullRequestWish } from '@remuda/domain';
import { openPullRequest } from '../../../apps/bridge/src/git/pull-request/open-pull-request.js';
import { answers, startGitService, type GitService } from '../../git-service.js';

let host: GitService;
beforeEach(async () => {
  host = await startGitService();
});
afterEach(() => host.close());

interface Asked {
  readonly wish?: PullRequestWish;
  readonly kind?: 'github' | 'gitlab';
  readonly path?: string;
  readonly services?: string;
  readonly hosts?: string;
  readonly apiMs?: number;
}

function opens({
  wish = {},
  kind = 'github',
  path = 'team/project.git',
  ...more
}: Asked = {}): Promise<PullRequestOutcome> {
  const { services = `127.0.0.1:${String(host.port)}=${kind}`, hosts = '127.0.0.1', apiMs } = more;
  const credential = { place: `${host.origin}/`, user: 'robot', token: 'secret/token' };
  const usual = { title: 'add b', body: 'Changes of the job j-1.' };
  const of = { url: `${host.origin}/${path}`, branch: 'topic', base: 'main', wish, usual, credential };
  const resolve = () => Promise.resolve(['127.0.0.1']);
  const parts = { services: readGitServices(services), hosts: readHostRules(hosts), resolve, apiMs };
  return openPullRequest(of, parts, new AbortController().signal);
}

test('at GitHub a pull request is opened with what the job says of it, by its credential', async () => {
  host.keeps('github');
  const wish = { title: 'Fix it', body: 'Because.', draft: true };
  expect(await opens({ wish })).toEqual({ state: 'opened', number: 1, url: 'https://host.example/1' });
  const [asked, made] = host.came;
  expect(asked).toMatchObject({ method: 'GET', path: '/api/v3/repos/team/project/pulls' });
  expect(Object.fromEntries(asked?.query ?? [])).toEqual({ head: 'team:topic', base: 'main', state: 'open' });
  expect(made).toMatchObject({ method: 'POST', path: '/api/v3/repos/team/project/pulls' });
  expect(made?.body).toEqual({ head: 'topic', base: 'main', title: 'Fix it', body: 'Because.', draft: true });
  expect(host.came.map(({ authorization }) => authorization)).toEqual(['Bearer secret/token', 'Bearer secret/token']);
});

test('at GitLab a merge request is opened, in a project of any depth', async () => {
  host.keeps('gitlab');
  const asked = { kind: 'gitlab', path: 'group/sub/project', wish: { draft: true } } as const;
  expect(await opens(asked)).toEqual({ state: 'opened', number: 1, url: 'https://host.example/1' });
  const made = host.came.at(-1);
  expect(made?.path).toBe('/api/v4/projects/group%2Fsub%2Fproject/merge_requests');
  expect(made?.body).toEqual({
    ...{ source_branch: 'topic', target_branch: 'main', title: 'Draft: add b', description: 'Changes of the job j-1.' },
  });
});

describe.each(['github', 'gitlab'] as const)('at %s a second push', (kind) => {
  test('opens no second one', async () => {
    const open = host.keeps(kind);
    const first = await opens({ kind });
    expect(await opens({ kind })).toEqual({ ...first, state: 'updated' });
    expect(open.size).toBe(1);
    expect(host.came.map(({ method }) => method)).toEqual(['GET', 'POST', 'GET']);
  });

  test('changes its title and text where the job has some', async () => {
    host.keeps(kind);
    await opens({ kind });
    await opens({ kind, wish: { title: 'Better', body: 'More.' } });
    const { method, path, body } = host.came.at(-1) ?? {};
    expect([method, path?.split('/').at(-1)]).toEqual([kind === 'github' ? 'PATCH' : 'PUT', '1']);
    expect(body).toEqual({ title: 'Better', [kind === 'github' ? 'body' : 'description']: 'More.' });
  });
});

test.each<[string, string, number, unknown, Record<string, string>, string]>([
  ['a token that is not accepted', 'credential', 401, { message: 'Bad credentials' }, {}, 'Bad credentials'],
  ['a token without the right', 'credential', 403, { message: 'Not accessible' }, {}, 'Not accessible'],
  [
    'a branch without commits',
    'refused',
    422,
    { message: 'Failed', errors: [{ message: 'No commits' }] },
    {},
    'No commits',
  ],
  ['one that exists already', 'refused', 409, { message: ['Another open merge request'] }, {}, 'Another open'],
  ['a repository that is unknown', 'refused', 404, { message: 'Not Found' }, {}, 'Not Found'],
  ['one that has moved', 'refused', 301, {}, { location: 'http://169.254.169.254/' }, '301'],
  ['too many requests', 'limited', 429, { message: 'Slow down' }, {}, 'Slow down'],
  ['a spent limit', 'limited', 403, { message: 'rate limit' }, { 'x-ratelimit-remaining': '0' }, 'rate limit'],
  ['a fault of the host', 'unavailable', 502, 'oops', {}, '502'],
])('%s is told as %s, and nothing is thrown', async (_, reason, status, body, headers, words) => {
  host.answer = ({ method }, response) => {
    if (method === 'GET') answers(response, 200, []);
    else answers(response, status, body, headers);
  };
  expect(await opens()).toEqual({ state: 'failed', reason, message: expect.stringContaining(words) as string });
  expect(host.came.filter(({ method }) => method === 'POST')).toHaveLength(1);
});

test.each([
  ['github', 'GET', 301, 'v3', '/repositories/42', '/pulls?head=x', { html_url: 'https://github.example/new/name' }],
  ['github', 'POST', 307, 'v3', '/repositories/42', '/pulls', { html_url: 'https://github.example/new/name' }],
  [
    'gitlab',
    'GET',
    301,
    'v4',
    '/projects/new%2Fname',
    '/merge_requests',
    { web_url: 'https://gitlab.example/new/name' },
  ],
] as const)(
  'a repository that has moved at %s is told with its new place: %s, %d',
  async (kind, at, status, version, repository, rest, told) => {
    host.answer = ({ method, path }, response) => {
      const own = `/api/${version}${repository}`;
      if (path === own) answers(response, 200, told);
      else if (method === at) answers(response, status, {}, { location: `${host.origin}${own}${rest}` });
      else answers(response, 200, []);
    };
    const page = Object.values(told)[0];
    const message = `The host answers ${String(status)}: the repository has moved to ${page}: jobs need its new address.`;
    expect(await opens({ kind })).toEqual({ state: 'failed', reason: 'refused', message });
  },
);

test.each([
  ['another host', 'http://169.254.169.254/api/v3/repositories/42/pulls', {}],
  ['another part of the API', 'ORIGIN/api/v3/user/pulls', {}],
  ['a path with a way out', 'ORIGIN/api/v3/repos/..%2F..%2Fuser/x/pulls', {}],
  ['one that the host does not tell', 'ORIGIN/api/v3/repositories/42/pulls', {}],
  ['a page that is none', 'ORIGIN/api/v3/repositories/42/pulls', { html_url: 'javascript:alert(1)' }],
  ['no address', '', {}],
])('a redirect to %s names no place', async (_, location, told) => {
  host.answer = ({ path }, response) => {
    if (path.endsWith('/pulls')) answers(response, 301, {}, { location: location.replace('ORIGIN', host.origin) });
    else answers(response, 200, told);
  };
  const message = 'The host answers 301: the repository may have moved.';
  expect(await opens()).toEqual({ state: 'failed', reason: 'refused', message });
});

test('one that somebody opens at the same time is taken', async () => {
  let made = 0;
  host.answer = ({ method }, response) => {
    if (method === 'POST') answers(response, 422, { message: 'A pull request already exists' }, {});
    else answers(response, 200, made++ === 0 ? [] : [{ number: 3, html_url: 'https://host.example/3' }]);
  };
  expect(await opens()).toEqual({ state: 'updated', number: 3, url: 'https://host.example/3' });
});

test('an answer that repeats the token is told without it', async () => {
  host.answer = (_, response) => {
    answers(response, 401, { message: 'secret/token is no token' });
  };
  expect((await opens()).message).toBe('The host answers 401: … is no token');
});

test('a host that does not answer in time is told, and so is one that answers something else', async () => {
  host.answer = () => undefined;
  expect(await opens({ apiMs: 200 })).toMatchObject({ state: 'failed', reason: 'unavailable' });
  host.answer = (_, response) => {
    answers(response, 200, [{ hello: 'world' }]);
  };
  expect(await opens()).toMatchObject({ state: 'failed', reason: 'unavailable' });
});

test('a link that is none is left out', async () => {
  host.answer = ({ method }, response) => {
    answers(response, 200, method === 'GET' ? [] : { number: 7, html_url: 'javascript:alert(1)' });
  };
  expect(await opens()).toEqual({ state: 'opened', number: 7 });
});

test.each<[string, Asked]>([
  ['no service', { services: '' }],
  ['a path of another depth', { path: 'a/b/c' }],
  ['an address that is not public', { hosts: '' }],
  ['an API at the address of metadata', { services: 'X=github@http://169.254.169.254/api' }],
])('%s: nothing is asked', async (_, { services, ...asked }) => {
  const own = services?.replace('X', `127.0.0.1:${String(host.port)}`);
  const outcome = await opens({ ...asked, ...(own === undefined ? {} : { services: own }) });
  expect(outcome).toMatchObject({ state: 'failed', reason: 'unsupported' });
  expect(host.came).toEqual([]);
});
