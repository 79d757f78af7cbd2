import { describe, expect, test } from 'vitest';
import {
  branchFault,
  credentialFor,
  protectionOf,
  pushBranchOf,
  pushUrlOf,
  readProtectedBranches,
  readPushCredentials,
} from './push.js';

test('a push goes to its branch, or to one with the id of the session or the job', () => {
  const push = { credential: 'PUSH' };
  expect(pushBranchOf({ ...push, branch: 'topic' }, { id: 'j-1' })).toBe('topic');
  expect(pushBranchOf(push, { id: 'j-1' })).toBe('remuda/j-1');
  expect(pushBranchOf(push, { id: 'j-1', session: 's-1' })).toBe('remuda/s-1');
});

describe('a branch', () => {
  test.each(['topic', 'remuda/j-1', 'feature/ü', 'fix-1.2'])('may be named %s', (name) => {
    expect(branchFault(name)).toBeUndefined();
  });
  test.each(['', '-f', '+a', 'a:b', 'refs/heads/a', 'REFS/tags/a', 'HEAD', 'a b', 'a..b', 'origin/a', 'a'.repeat(40)])(
    'may not be named %s',
    (name) => {
      expect(branchFault(name)).toBeDefined();
    },
  );

  test('is protected by a name, a pattern, the ref of the job, and the default branch, in whatever case', () => {
    const rules = {
      protectedNames: ['main', 'release/*', 'v?'],
      ref: 'refs/heads/dev',
      defaultBranch: 'refs/heads/trunk',
    };
    for (const name of ['main', 'Main', 'release/1/2', 'dev', 'trunk', 'TRUNK'])
      expect(protectionOf(name, rules)).toBeDefined();
    for (const name of ['main2', 'release', 'x/dev', 'v1', 'domain']) expect(protectionOf(name, rules)).toBeUndefined();
  });

  test('of the operator’s list is a name of git’s', () => {
    expect(readProtectedBranches(' main, release/*,')).toEqual(['main', 'release/*']);
    expect(() => readProtectedBranches('a b')).toThrow('names of branches');
  });
});

describe('a credential', () => {
  const secret = [
    'https://robot:t%3Aok@git.example.com:443/team',
    'https://x:all@other.example.com',
    'http://me:plain@local:8080/a/b.git',
    'whsec_abc',
    'https://only-user@git.example.com/',
  ].join('\n');
  const credentials = readPushCredentials(secret);

  test('is read from lines as git’s own store has them; other lines are left out', () => {
    expect(credentials).toEqual([
      { place: 'https://git.example.com/team/', user: 'robot', token: 't:ok' },
      { place: 'https://other.example.com/', user: 'x', token: 'all' },
      { place: 'http://local:8080/a/b.git/', user: 'me', token: 'plain' },
    ]);
  });

  test.each([
    ['https://git.example.com/team/project.git', 't:ok'],
    ['https://GIT.example.com:443/team/project', 't:ok'],
    ['https://other.example.com/a/b.git', 'all'],
    ['http://local:8080/a/b.git', 'plain'],
  ])('is found for %s', (url, token) => {
    expect(credentialFor(url, credentials)).toMatchObject({ token });
  });

  test.each([
    'http://git.example.com/team/project.git',
    'https://git.example.com:8443/team/project.git',
    'https://git.example.com/teammates/project.git',
    'https://git.example.com/team/../other/project.git',
    'https://git.example.com/team/%2e%2e/other.git',
    'https://git.example.com/team/..%2fother.git',
    'https://git.example.com.evil.example/team/project.git',
    'https://sub.other.example.com/a.git',
    'http://local:8080/a/b.gitx',
    'git://other.example.com/a',
  ])('is not found for %s', (url) => {
    expect(credentialFor(url, credentials)).toBeUndefined();
  });
});

test.each([
  ['https://host/a/b.git', 'https://host/a/b.git'],
  ['git@github.com:team/project.git', 'https://github.com/team/project.git'],
  ['ssh://git@host:2222/team/project', 'https://host/team/project'],
  ['git@[2600::1]:a/b', 'https://[2600::1]/a/b'],
  ['git://host/a', undefined],
  ['file:///a', undefined],
])('%s is pushed to at %s', (url, to) => {
  expect(pushUrlOf(url)).toBe(to);
});
