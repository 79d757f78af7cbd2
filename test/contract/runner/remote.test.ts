import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import { LocalRunner, RemoteRunner, admitAgent, ownUser, reachWorker, serveRunner } from '@remuda/engine';
import { describe, expect, test } from 'vitest';
import { joinEnds, linked, type Ends } from './linked.js';
import { runnerContract } from './runner.contract.js';

runnerContract('An agent', () => linked(ownUser));

describe.skipIf(process.getuid?.() !== 0)('as root', () => {
  // all of this user's processes are killed: nobody else may have the number, another run of this suite neither
  const id = 20_000_000 + process.pid;
  runnerContract('An agent with a user of its own', () => linked(new LocalRunner({ uid: id, gid: id })));
});

describe('a connection with an agent', () => {
  const sleeper = { command: '/bin/sh', args: ['-c', 'echo on; exec sleep 1000'], cwd: '/', env: {} };

  test('is the only one: nobody else finds a socket, and who was let in beside is hung up on', async () => {
    await using ends = await joinEnds();
    await expect(access(ends.path)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(reachWorker(ends.path, 0)).rejects.toMatchObject({ code: 'engine.start_failed' });
  });

  test('that nobody opens is given up', async () => {
    await expect(admitAgent('/tmp/remuda-nobody.sock', 10)).rejects.toMatchObject({ code: 'engine.start_failed' });
  });

  test('takes all programs with it when the worker ends it', async () => {
    const { runner, [Symbol.asyncDispose]: close } = await linked(ownUser);
    const program = runner.start(sleeper);
    await once(program.stdout, 'data');
    const gone = once(program.stdout.resume(), 'end');
    const pid = program.pid ?? 0;
    await close();
    await gone;
    await expect.poll(() => isThere(pid)).toBe(false);
  });

  test('that breaks ends every program, and fails every question', async () => {
    await using ends = await joinEnds();
    void serveRunner(ends.agent, ownUser);
    const runner = await RemoteRunner.over(ends.worker);
    const program = runner.start(sleeper);
    await once(program.stdout, 'data');
    program.stdout.resume();
    const asked = runner.processes('mark');
    ends.agent.destroy();
    await runner.lost;
    expect(await program.closed).toMatchObject({ fault: expect.stringContaining('its agent is gone') as string });
    await expect(asked).rejects.toMatchObject({ code: 'engine.crashed' });
    await expect(runner.processes('mark')).rejects.toMatchObject({ code: 'engine.crashed' });
    expect(await runner.start(sleeper).closed).toHaveProperty('fault');
  });
});

describe('of an agent that a job has taken over', () => {
  const limits = { answerMs: 100, startMs: 100, deathMs: 100 };
  const about = '{"root":false,"alone":true}';
  const never = (): void => undefined;

  /** A runner whose agent answers by the path that is asked for. */
  const taken = async (ends: Ends, answer: (path: string, stream: ServerHttp2Stream) => void) => {
    const server = createServer();
    server.on('stream', (stream, headers) => {
      stream.on('error', never);
      if (headers[':path'] !== '/about') {
        answer(String(headers[':path']), stream);
        return;
      }
      stream.respond();
      stream.end(about);
    });
    server.emit('connection', ends.agent);
    return RemoteRunner.over(ends.worker, limits);
  };
  const saying = (text: string | Buffer) => (_: string, stream: ServerHttp2Stream) => {
    stream.respond();
    stream.end(text);
  };

  test.each([
    ['no word', never],
    ['no JSON', saying('{')],
    ['another shape', saying('[{"pid":-1,"parent":1,"startedAt":"1","marked":true}]')],
    ['a pid that is none', saying('[{"pid":4294967297,"parent":1,"startedAt":"1","marked":true}]')],
    ['more than it may', saying(Buffer.alloc(9 * 1024 * 1024, ' '))],
    [
      'that it failed',
      (_: string, stream: ServerHttp2Stream) => stream.respond({ ':status': 500 }, { endStream: true }),
    ],
  ])('%s is taken for processes', async (_, answer) => {
    await using ends = await joinEnds();
    const runner = await taken(ends, answer);
    await expect(runner.processes('mark')).rejects.toMatchObject({ code: 'engine.unresponsive' });
    runner.close();
  });

  test.each([
    ['says nothing of its start', never],
    ['says no pid and no end', (_: string, stream: ServerHttp2Stream) => stream.respond({ 'remuda-pid': '-1' })],
    ['says an end that is none', saying('{"code":1e9}')],
  ])('a program that %s ends all the same once it is killed', async (_, answer) => {
    await using ends = await joinEnds();
    const runner = await taken(ends, answer);
    const program = runner.start({ command: 'true', args: [], cwd: '/', env: {} });
    program.signal('SIGKILL');
    program.stdout.resume();
    expect(await program.closed).toHaveProperty('fault');
    expect(program.pid).toBeUndefined();
    runner.close();
  });

  test('something that speaks no HTTP/2 is no agent', async () => {
    await using ends = await joinEnds();
    ends.agent.end('HTTP/1.1 200 OK\r\n\r\n');
    await expect(RemoteRunner.over(ends.worker, limits)).rejects.toMatchObject({
      code: expect.stringMatching(/^engine\./) as string,
    });
  });
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
