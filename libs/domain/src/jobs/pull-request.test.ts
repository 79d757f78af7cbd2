import { expect, test } from 'vitest';
import { hostedRepositoryOf, readGitServices } from './pull-request.js';

test('repositories of the public hosts are known', () => {
  expect(hostedRepositoryOf('https://github.com/owner/project.git', [])).toEqual({
    ...{ kind: 'github', api: 'https://api.github.com', path: 'owner/project' },
  });
  expect(hostedRepositoryOf('https://GitLab.com:443/group/sub/project/', [])).toEqual({
    ...{ kind: 'gitlab', api: 'https://gitlab.com/api/v4', path: 'group/sub/project' },
  });
});

test('those of others by the operator’s list, with the API at its usual path or another', () => {
  const own = readGitServices('Git.example.com=gitlab, git.example.com:8443=github@https://api.example.com/v3/');
  expect(hostedRepositoryOf('https://git.example.com/a/b', own)?.api).toBe('https://git.example.com/api/v4');
  expect(hostedRepositoryOf('https://git.example.com:8443/a/b', own)).toEqual({
    ...{ kind: 'github', api: 'https://api.example.com/v3', path: 'a/b' },
  });
});

test.each(['https://example.com/a/b', 'https://github.com/a', 'https://github.com/a/b/c', 'https://github.com/a/..'])(
  '%s is no repository with pull requests',
  (url) => {
    expect(hostedRepositoryOf(url, [])).toBeUndefined();
  },
);

test.each(['github.com', 'a=bitbucket', 'a=github@ftp://x', 'a=github@https://user@x', '=github'])(
  '%j is no service',
  (text) => {
    expect(() => readGitServices(text)).toThrow('expected HOST=github');
  },
);
