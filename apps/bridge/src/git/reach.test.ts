import { readHostRules } from '@remuda/domain';
import { expect, test } from 'vitest';
import { reach } from './reach.js';

const names: Readonly<Record<string, readonly string[]>> = {
  'git.example.com': ['140.82.121.4', '2606:50c0:8000::153'],
  'inside.example.com': ['10.1.2.3'],
  'both.example.com': ['140.82.121.4', '127.0.0.1'],
  'metadata.example.com': ['::ffff:169.254.169.254'],
  'xn--bcher-kva.example': ['140.82.121.4'],
};

const resolve = (name: string) => {
  const found = names[name];
  const code = name.startsWith('gone') ? 'ENOTFOUND' : 'EAI_AGAIN';
  return found ? Promise.resolve(found) : Promise.reject(Object.assign(new Error(code), { code }));
};

const to = (url: string, open = '', allowFile = false) =>
  reach(url, { allowFile, hosts: readHostRules(open) }, { resolve, sshCommand: 'ssh -x' });

test('git is given the addresses that were looked at, each protocol in its own way', async () => {
  expect(await to('https://git.example.com/a')).toMatchObject({
    url: 'https://git.example.com/a',
    config: { 'http.curloptResolve': 'git.example.com:443:140.82.121.4,[2606:50c0:8000::153]' },
  });
  expect((await to('http://git.example.com:8080/a')).config['http.curloptResolve']).toMatch(
    /^git.example.com:8080:140/,
  );
  expect((await to('https://bücher.example/a')).config['http.curloptResolve']).toBe(
    'xn--bcher-kva.example:443:140.82.121.4',
  );
  expect(await to('git://git.example.com:99/a/b')).toMatchObject({
    url: 'git://140.82.121.4:99/a/b',
    env: { GIT_OVERRIDE_VIRTUAL_HOST: 'git.example.com:99' },
  });
  for (const url of ['git@git.example.com:a/b', 'ssh://git@git.example.com/a/b'])
    expect((await to(url)).env).toEqual({
      GIT_SSH_COMMAND: "ssh -x -o 'HostName=140.82.121.4' -o 'HostKeyAlias=git.example.com'",
    });
  expect((await to('ssh://git@git.example.com:2222/a')).env['GIT_SSH_COMMAND']).toContain(
    'HostKeyAlias=[git.example.com]:2222',
  );
});

test('no redirect is followed unseen', async () => {
  for (const url of ['https://git.example.com/a', 'https://140.82.121.4/a', 'git@git.example.com:a'])
    expect((await to(url)).config).toMatchObject({ 'http.followRedirects': 'false' });
});

test.each(['inside', 'both', 'metadata'])('a name that leads inside is refused: %s', async (name) => {
  for (const url of [`https://${name}.example.com/a`, `git@${name}.example.com:a`, `git://${name}.example.com/a`])
    await expect(to(url)).rejects.toMatchObject({
      code: 'workspace.failed',
      message: expect.stringContaining('REMUDA_GIT_HOSTS') as string,
    });
});

test('what the operator opened is reached: by name as it is, by address when it is one of those', async () => {
  expect((await to('https://inside.example.com/a', 'inside.example.com')).config).not.toHaveProperty(
    'http.curloptResolve',
  );
  expect((await to('https://inside.example.com/a', '10.0.0.0/8')).config).toHaveProperty('http.curloptResolve');
  await expect(to('https://both.example.com/a', '10.0.0.0/8')).rejects.toThrow('loopback');
});

test('a host that there is not is the fault of who named it; a name server that does not answer is not', async () => {
  await expect(to('https://gone.example.com/a')).rejects.toMatchObject({ code: 'workspace.failed' });
  await expect(to('https://later.example.com/a')).rejects.toMatchObject({ code: 'workspace.unavailable' });
});

test('a path of this machine needs no address, and the leave of the operator', async () => {
  expect((await to('file:///srv/x', '', true)).url).toBe('file:///srv/x');
  await expect(to('file:///srv/x')).rejects.toThrow('REMUDA_GIT_ALLOW_FILE');
});
