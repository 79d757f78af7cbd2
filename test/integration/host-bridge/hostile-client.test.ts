import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dial, hasBwrap, realKey, runHostBridge, runOf, type Got } from './running-host-bridge.js';

type Running = Awaited<ReturnType<typeof runHostBridge>>;

/** A try of a client to get more than it may have, and the code with which it is refused. */
type Refused = readonly [tries: string, message: unknown, code: string];

const malformed = 'host_bridge.malformed';
const refused = 'host_bridge.refused';
const withEnv = (env: object): object => runOf(['-p', 'x'], { env });

const refusals: readonly Refused[] = [
  ['skip all permissions', runOf(['-p', '--dangerously-skip-permissions', 'x']), refused],
  ['skip them by mode', runOf(['-p', '--permission-mode', 'bypassPermissions', 'x']), refused],
  ['skip them by mode, in one word', runOf(['-p', '--permission-mode=bypassPermissions', 'x']), refused],
  ['bring settings', runOf(['-p', '--settings', '{"hooks":{}}', 'x']), refused],
  ['bring settings from outside', runOf(['-p', '--settings=/etc/claude.json', 'x']), refused],
  ['have the settings of the workspace', runOf(['-p', '--setting-sources=user,project', 'x']), refused],
  ['bring MCP servers', runOf(['-p', '--mcp-config={"mcpServers":{}}', 'x']), refused],
  ['open a folder', runOf(['-p', '--add-dir', '/etc', 'x']), refused],
  ['abbreviate a flag', runOf(['-p', '--dangerously-skip', 'x']), refused],
  ['join short flags', runOf(['-pc', 'x']), refused],
  ['give a flag twice', runOf(['-p', '--model=a', '--model=b', 'x']), refused],
  ['hide a flag as a value', runOf(['-p', '--model', '--settings={}', 'x']), refused],
  ['write a debug file', runOf(['-p', '--debug-file', '/workspace/x', 'x']), refused],
  ['load a plugin', runOf(['-p', '--plugin-dir', '/workspace', 'x']), refused],
  ['send control messages', runOf(['-p', '--input-format=stream-json', '--output-format=stream-json']), refused],
  ['preload a library', withEnv({ LD_PRELOAD: '/workspace/evil.so' }), refused],
  ['set NODE_OPTIONS', withEnv({ NODE_OPTIONS: '--require /workspace/evil.js' }), refused],
  ['redirect the model', withEnv({ ANTHROPIC_BASE_URL: 'http://evil.example' }), refused],
  ['set PATH', withEnv({ PATH: '/workspace' }), refused],
  ['set a proxy', withEnv({ HTTPS_PROXY: 'http://evil.example' }), refused],
  ['work in /', runOf(['-p', 'x'], { cwd: '/' }), refused],
  ['work outside by ..', runOf(['-p', 'x'], { cwd: '/workspace/../etc' }), refused],
  ['work beside by a longer name', runOf(['-p', 'x'], { cwd: '/workspace2' }), refused],
  ['use the token of another client', runOf(['-p', 'x'], { token: 'of-agent-2' }), 'host_bridge.unidentified'],
  ['send a field of its own', runOf(['-p', 'x'], { shell: true }), malformed],
  ['put NUL into an argument', runOf(['-p', 'a\0b']), malformed],
  ['send arguments that are none', { ...runOf([]), args: { length: 1 } }, malformed],
  ['send a huge argument', runOf(['-p', 'x'.repeat(200_000)]), malformed],
  ['have a terminal of a million lines', runOf([], { terminal: { rows: 1e6, cols: 80 } }), malformed],
  ['speak another version', { ...runOf(['-p', 'x']), v: 2 }, malformed],
  ['send input without a run', { type: 'stdin', data: '' }, malformed],
  ['send SIGKILL', { type: 'signal', signal: 'SIGKILL' }, malformed],
];

const verdicts: { readonly tries: string; readonly held: boolean }[] = [];

/** Notes whether a try was held, and expects it. */
function expectHeld(tries: string, held: boolean, seen: unknown): void {
  verdicts.push({ tries, held });
  expect(held, JSON.stringify(seen)).toBe(true);
}

describe.skipIf(!hasBwrap)('a hostile client of the host bridge', () => {
  let run: Running;

  beforeAll(async () => {
    const tokenSha256 = createHash('sha256').update('of-agent-2').digest('hex');
    run = await runHostBridge({
      client: { running: 2, waiting: 1, perMinute: 600, connections: 20 },
      clients: [{ name: 'agent-2', tokenSha256 }],
    });
  });

  afterAll(async () => {
    await run[Symbol.asyncDispose]();
    const held = verdicts.filter((each) => each.held).length;
    const rows = verdicts.map((each) => `${each.held ? 'held' : 'NOT HELD'}  ${each.tries}`);
    process.stdout.write(`${rows.join('\n')}\nhostile client: ${verdicts.length} tries, ${held} held\n`);
  });

  test.each(refusals)('cannot %s', async (tries, message, code) => {
    using line = await dial(run.socket);
    line.send(message);
    const end = await line.over();
    expectHeld(tries, end?.type === 'error' && end.code === code && run.bridge.state().running === 0, end ?? null);
    await line.closed();
  });

  test.each([
    ['send a line that is no JSON', '{"type":"run"\n'],
    ['send bytes that are no UTF-8', Buffer.from([0xff, 0xfe, 0x0a])],
    ['send a message without an end', 'x'.repeat(3_000_000)],
    ['send JSON that is no object', '[1,2]\n'],
  ])('cannot %s', async (tries, bytes) => {
    using line = await dial(run.socket);
    line.raw(bytes);
    const end = await line.over();
    expectHeld(tries, end?.code === malformed, end ?? null);
  });

  test('cannot run a command of Claude Code instead of a prompt', async () => {
    using line = await dial(run.socket);
    line.send(runOf(['mcp', 'list']));
    line.send({ type: 'stdin_end' });
    const end = await line.over();
    expectHeld('run a command of Claude Code', line.bytes('stdout') === 'ok: mcp\n', end ?? null);
  });

  test('cannot fill the memory with 100 MB without an end', async () => {
    using line = await dial(run.socket);
    const before = process.memoryUsage().rss;
    const chunk = Buffer.alloc(1_000_000, 'x');
    for (let i = 0; i < 100 && !line.socket.destroyed; i++) {
      line.raw(chunk);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const end = await line.over();
    const grew = process.memoryUsage().rss - before;
    expectHeld('send 100 MB without an end', end?.code === malformed && grew < 250e6, { end, grew });
  });

  test('cannot use the shared socket without a token, or with a wrong one', async () => {
    for (const more of [{}, { token: 'guess' }]) {
      using line = await dial(run.sharedSocket);
      line.send(runOf(['-p', 'x'], more));
      const end = await line.over();
      expectHeld(`be somebody with ${JSON.stringify(more)}`, end?.code === 'host_bridge.unidentified', end ?? null);
    }
  });

  test('cannot send more input than it has credit for', async () => {
    using line = await dial(run.socket);
    const data = Buffer.alloc(48 * 1024).toString('base64');
    // Claude Code does not read before it has started.
    const input = `${JSON.stringify({ type: 'stdin', data })}\n`.repeat(60);
    line.raw(`${JSON.stringify(runOf(['-p']))}\n${input}`);
    const end = await line.over();
    expectHeld('send input beyond its credit', end?.code === malformed, end ?? null);
    await expect.poll(() => run.bridge.state().running, { timeout: 20_000 }).toBe(0);
    run.model.reset();
  });

  test('cannot have more runs or connections than its limits', async () => {
    run.model.queue({ hangMs: 600_000, times: 50 });
    const lines = await Promise.all(Array.from({ length: 4 }, () => dial(run.socket)));
    for (const line of lines) line.send(runOf(['-p', 'x']));
    const busy: Got | undefined = await lines[3]?.over();
    expectHeld('have more runs than it may', busy?.code === 'host_bridge.busy', busy ?? null);
    const many = await Promise.all(Array.from({ length: 25 }, () => dial(run.socket)));
    await Promise.all(many.slice(20).map((line) => line.closed()));
    const last = many[24]?.find('error');
    expectHeld('have more connections than it may', last?.code === 'host_bridge.busy', last ?? null);
    for (const line of [...lines, ...many]) line.socket.destroy();
    await expect
      .poll(() => run.bridge.state(), { timeout: 20_000 })
      .toMatchObject({ running: 0, waiting: 0, connected: [] });
    run.model.reset();
  });

  test('reaches nothing of the host with its tools: no file, no process, no network, no credential', async () => {
    writeFileSync(join(run.dir, 'secret'), 'of the host');
    mkdirSync(join(run.workspace, 'in'), { recursive: true });
    symlinkSync(run.dir, join(run.workspace, 'out'));
    const command = [
      `cat ${run.dir}/secret /workspace/out/secret /root/.bashrc /etc/shadow && echo LEAK-file`,
      'env | grep -q sk-ant-real && echo LEAK-key',
      `ls /proc | grep -qx ${String(process.pid)} && echo LEAK-process`,
      'bash -c "echo > /dev/tcp/127.0.0.1/22" 2>/dev/null && echo LEAK-network',
      `touch /usr/x /opt/claude/x 2>/dev/null && echo LEAK-write`,
      'echo from-within > /workspace/in/mark; setsid sleep 300 & echo done',
    ].join('; ');
    run.model.queue({ tools: [{ name: 'Bash', input: { command } }] }, { text: 'finished' });
    using line = await dial(run.socket);
    line.send(runOf(['-p', '--allowedTools', 'Bash', '--output-format', 'stream-json', '--verbose', 'go']));
    line.send({ type: 'stdin_end' });
    const end = await line.over();
    const said = line.bytes('stdout');
    const mark = existsSync(join(run.workspace, 'in/mark'));
    expect(end).toMatchObject({ type: 'exit', code: 0 });
    expect(mark, said).toBe(true);
    for (const what of ['file', 'key', 'process', 'network', 'write'])
      expectHeld(`reach the host: ${what}`, !said.includes(`LEAK-${what}\\n`), said.slice(-2_000));
    expectHeld('see the credential in any answer', !said.includes(realKey), '');
  });

  test('cannot hold up another client by not reading', async () => {
    const long = 'word '.repeat(400_000);
    run.model.queue({ text: long }, { text: 'for the other one' });
    using deaf = await dial(run.socket);
    deaf.send(runOf(['-p', '--output-format', 'stream-json', '--include-partial-messages', '--verbose', 'talk']));
    deaf.send({ type: 'stdin_end' });
    await deaf.have('started');
    deaf.socket.pause();
    await run.model.seen(({ main }) => main);
    using other = await dial(run.sharedSocket);
    other.send(runOf(['-p', 'x'], { token: 'of-agent-2' }));
    other.send({ type: 'stdin_end' });
    const end = await other.over();
    expectHeld('hold up others by not reading', end?.type === 'exit' && end.code === 0, end ?? null);
    deaf.socket.destroy();
    await expect.poll(() => run.bridge.state().running, { timeout: 20_000 }).toBe(0);
    expectHeld('leave a run behind', run.bridge.state().running === 0, run.bridge.state());
  });
});
