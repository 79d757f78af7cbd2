import type { HostRun } from '@remuda/protocol';
import { expect, test } from 'vitest';
import type { Client } from '../clients/client.js';
import { defaultLimits } from '../clients/read-clients.js';
import { checkRun } from './check-run.js';

const client: Client = {
  name: 'agent-1',
  socket: '/s',
  socketMode: 0o660,
  workspaces: [
    { container: '/workspace', host: '/home/me/project', readOnly: false },
    { container: '/workspace/docs', host: '/srv/docs', readOnly: true },
  ],
  flags: [],
  variables: ['MY_CHOICE'],
  config: [],
  limits: defaultLimits,
};
const run = (args: readonly string[], more: Partial<HostRun> = {}): HostRun => ({
  type: 'run',
  v: 1,
  args,
  env: {},
  cwd: '/workspace',
  ...more,
});
const refusal = (asked: HostRun, of: Partial<Client> = {}, sandboxed = true): string => {
  const checked = checkRun(asked, { ...client, ...of }, sandboxed);
  return 'refused' in checked ? checked.refused : '';
};

test('a run is allowed with the settings of nobody but the client itself', () => {
  expect(checkRun(run(['-p', 'hi']), client, true)).toMatchObject({
    args: ['--setting-sources=user', '--strict-mcp-config', '--print', '--', 'hi'],
    folder: { path: '/workspace', hostPath: '/home/me/project' },
  });
});

test('the innermost workspace has a folder, and .. leads to none outside', () => {
  const at = (cwd: string) => {
    const checked = checkRun(run(['-p', 'x'], { cwd }), client, true);
    return 'folder' in checked ? checked.folder.hostPath : checked.refused;
  };
  expect(at('/workspace/a/../b/')).toBe('/home/me/project/b');
  expect(at('/workspace/docs/x')).toBe('/srv/docs/x');
  expect(at('/workspace/../etc')).toContain('in none');
  expect(at('/workspaces')).toContain('in none');
  expect(at('/')).toContain('in none');
});

test.each([
  [['--dangerously-skip-permissions'], '--dangerously-skip-permissions'],
  [['--permission-mode', 'bypassPermissions'], '--dangerously-skip-permissions'],
  [['--permission-mode=bypassPermissions'], '--dangerously-skip-permissions'],
  [['--settings={"hooks":{}}'], '--settings'],
  [['--setting-sources', 'project'], '--setting-sources'],
  [['--mcp-config', 'x.json'], '--mcp-config'],
  [['--add-dir', '/etc'], '--add-dir'],
  [['--agents', '{}'], '--agents'],
  [['--input-format=stream-json'], '--input-format'],
  [['--permission-prompt-tool', 'x'], '--permission-prompt-tool'],
])('%j needs an entry in the list of flags', (args, flag) => {
  expect(refusal(run(['-p', ...args]))).toMatch('list of flags');
  expect(refusal(run(['-p', ...args]), { flags: [flag] })).not.toMatch('list of flags');
});

test('--add-dir stays within the workspaces even where it is allowed', () => {
  const of = { flags: ['--add-dir'] };
  expect(refusal(run(['--add-dir', '/workspace/docs'], {}), of)).toBe('');
  for (const path of ['/etc', '/workspace/../etc', '../x', '~'])
    expect(refusal(run([`--add-dir=${path}`]), of)).not.toBe('');
});

test('what Claude Code prints to resume a session can be typed', () => {
  expect(refusal(run(['--setting-sources=user', '--strict-mcp-config', '--resume', 'x']))).toBe('');
});

test.each(['LD_PRELOAD', 'NODE_OPTIONS', 'ANTHROPIC_BASE_URL', 'CLAUDE_CONFIG_DIR', 'PATH', 'HOME', 'BASH_ENV', 'X'])(
  'the variable %s is refused, and no list opens those that change what runs',
  (name) => {
    expect(refusal(run(['-p', 'x'], { env: { [name]: '1' } }))).toContain(name);
    if (name !== 'X')
      expect(refusal(run(['-p', 'x'], { env: { [name]: '1' } }), { variables: [name] })).toContain(name);
  },
);

test('a variable of the list is passed on', () => {
  expect(refusal(run(['-p', 'x'], { env: { MY_CHOICE: '1', TERM: 'xterm' } }))).toBe('');
});

test('without a sandbox there is no session and no tool without a question', () => {
  expect(refusal(run(['-p', 'x']), {}, false)).toBe('');
  expect(refusal(run([]), {}, false)).toContain('only use claude -p');
  expect(refusal(run([], { terminal: { rows: 1, cols: 1 } }), {}, false)).toContain('terminal');
  expect(refusal(run([], { terminal: { rows: 1, cols: 1 } }), { interactive: true }, false)).toBe('');
  expect(refusal(run(['-p', '--allowedTools', 'Bash']), {}, false)).toContain('no sandbox');
});
