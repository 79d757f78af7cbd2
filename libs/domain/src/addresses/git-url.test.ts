import { expect, test } from 'vitest';
import { gitUrlFault, readGitUrl } from './git-url.js';
import { readHostRules } from './host-rules.js';

const none = { allowFile: false, hosts: [] };

test.each([
  ['https://github.com/a/b.git', { protocol: 'https', host: 'github.com' }],
  ['HTTPS://github.com/a/b', { protocol: 'https', host: 'github.com' }],
  ['https://git.example.com:8443/a', { protocol: 'https', host: 'git.example.com', port: 8443 }],
  ['https://140.82.121.4/a', { protocol: 'https', host: '140.82.121.4' }],
  ['https://[2606:50c0:8000::153]/a', { protocol: 'https', host: '2606:50c0:8000::153' }],
  ['https://bücher.example/a', { protocol: 'https', host: 'bücher.example' }],
  ['git://git.example.com/a', { protocol: 'git', host: 'git.example.com' }],
  ['ssh://git@github.com/a/b.git', { protocol: 'ssh', host: 'github.com' }],
  ['ssh://git.example.com:2222/~a/b', { protocol: 'ssh', host: 'git.example.com', port: 2222 }],
  ['git@github.com:a/b.git', { protocol: 'ssh', host: 'github.com' }],
  ['github.com:/srv/b.git', { protocol: 'ssh', host: 'github.com' }],
  ['git@[2606:50c0:8000::153]:a/b', { protocol: 'ssh', host: '2606:50c0:8000::153' }],
])('%s is a repository', (url, read) => {
  expect(readGitUrl(url)).toEqual(read);
  expect(gitUrlFault(url, none)).toBeUndefined();
});

test.each([
  'https://bot:TOKEN@github.com/a/b',
  'https://TOKEN@github.com/a/b',
  'https://:TOKEN@github.com/a/b',
  'https://@github.com/a/b',
  'http://a@b@github.com/a',
  'ssh://git:TOKEN@github.com/a/b',
  'ssh://-oProxyCommand=x@github.com/a',
  'git://user@github.com/a',
])('%s holds a user or a password, which no fault repeats', (url) => {
  const fault = gitUrlFault(url, none);
  expect(fault).toMatch(/must not contain a/);
  expect(fault).not.toContain('TOKEN');
});

test.each([
  ['', '1 to 2000'],
  ['C:\\repo', 'backslashes'],
  ['C:/repo', 'must be a URL'],
  ['\\\\server\\share', 'backslashes'],
  ['/srv/repo', 'must be a URL'],
  ['./repo', 'must be a URL'],
  ['repo', 'must be a URL'],
  ['ext::sh -c x', 'spaces'],
  ['ext::x', 'helper'],
  ['::x', 'helper'],
  ['--upload-pack=x', 'dash'],
  ['host:-x', 'must be a URL'],
  ['ftp://host.example/x', 'https, http, ssh or git'],
  ['https:///x', 'name a host'],
  ['https://host.example:99999/x', 'name a host'],
  ['https://host.example:0/x', 'name a host'],
  ['https://ho%73t.example/x', 'name a host'],
  ['https://127.1/x', 'name a host'],
  ['https://2130706433/x', 'name a host'],
  ['https://0x7f000001/x', 'name a host'],
  ['https://[host]/x', 'name a host'],
  ['https://host.example/x?private_token=TOKEN', 'query'],
  ['https://host.example/x#TOKEN', 'fragment'],
  ['file:///srv/x', 'REMUDA_GIT_ALLOW_FILE'],
  ['file://host.example/x', 'host in a file'],
  ['https://host.example/a b', 'spaces'],
])('%j is refused', (url, why) => {
  expect(gitUrlFault(url, none)).toContain(why);
});

test.each([
  'https://127.0.0.1/x',
  'https://localhost/x',
  'http://[::1]/x',
  'http://[::ffff:127.0.0.1]/x',
  'http://169.254.169.254/latest',
  'http://[fd00:ec2::254]/x',
  'ssh://10.1.2.3/x',
  'git@192.168.1.1:x',
  'git@[fe80::1]:x',
  'git://172.16.0.1/x',
  'http://0.0.0.0/x',
])('%s leads inside, unless that was opened', (url) => {
  expect(gitUrlFault(url, none)).toContain('REMUDA_GIT_HOSTS');
  const hosts = readHostRules('0.0.0.0/0,::/0');
  expect(gitUrlFault(url, { allowFile: false, hosts })).toBeUndefined();
});
