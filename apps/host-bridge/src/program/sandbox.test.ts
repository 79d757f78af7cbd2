import { expect, test } from 'vitest';
import { runEnvironment } from './run-environment.js';
import { sandboxArguments } from './sandbox.js';

const run = {
  args: ['--print', '--', 'hi'],
  given: { flags: [], words: [] },
  env: {},
  folder: { workspace: { container: '/w', host: '/srv/w', readOnly: false }, path: '/w/x', hostPath: '/srv/w/x' },
};

test('a sandbox binds the workspaces, outer ones first, and writes to nothing else but the home of the client', () => {
  const args = sandboxArguments(
    {
      claude: '/opt/x/claude',
      home: '/state/clients/a/home',
      modelSocket: '/state/model.sock',
      workspaces: [
        { container: '/w/docs', host: '/srv/docs', readOnly: true },
        { container: '/w', host: '/srv/w', readOnly: false },
      ],
      config: [{ name: 'CLAUDE.md', path: '/home/me/.claude/CLAUDE.md' }],
    },
    run,
  );
  const text = args.join(' ');
  const writable = args.flatMap((arg, i) => (arg === '--bind' ? [args[i + 1]] : []));
  expect(writable).toEqual(['/state/clients/a/home', '/srv/w']);
  expect(text).toContain('--bind /srv/w /w --ro-bind /srv/docs /w/docs');
  expect(text).toContain('--unshare-all');
  expect(text).not.toContain('--share-net');
  expect(text.endsWith('--chdir /w/x -- /opt/claude/claude --print -- hi')).toBe(true);
});

test('a client cannot replace what the bridge sets', () => {
  const env = runEnvironment({
    given: { PATH: '/evil', ANTHROPIC_BASE_URL: 'http://evil', TERM: 'xterm' },
    home: '/home/claude',
    modelSocket: '/run/m.sock',
    token: 't',
  });
  expect(env).toMatchObject({
    TERM: 'xterm',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    ANTHROPIC_BASE_URL: 'http://model.internal',
  });
});
