import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Runner } from '../runner.port.js';
import { questionOf } from './question.js';
import { ServedPrograms } from './served-programs.js';
import { readProgramPath, routes, sessionOptions } from './wire.js';

/**
 * The agent's end: carries out the worker's requests with a runner. Resolves when the connection has ended and all
 * programs were killed. The worker is trusted.
 */
export function serveRunner(socket: Socket, runner: Runner): Promise<void> {
  const server = createServer(sessionOptions);
  const programs = new ServedPrograms(runner);
  const answers = answersOf(runner);
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    const path = String(headers[':path']);
    const program = readProgramPath(path);
    const done = program ? programs.take(stream, program) : answer(stream, answers.get(path));
    done.catch((error: unknown) => {
      refuse(stream, error);
    });
  });
  return new Promise((resolve) => {
    server.once('session', (session: ServerHttp2Session) => {
      session.on('error', () => undefined);
      session.once('close', () => {
        programs.killAll();
        resolve();
      });
    });
    server.emit('connection', socket);
  });
}

type Answer = (question: Record<string, unknown>) => unknown;

/** The worker is ours: its messages are only checked to be objects. */
function answersOf(runner: Runner): ReadonlyMap<string, Answer> {
  const { root, alone } = runner;
  const value = async (work: Promise<unknown>) => ({ value: await work });
  return new Map<string, Answer>([
    [routes.about, () => ({ root, alone })],
    [routes.processes, ({ scope }) => runner.processes(scope as string)],
    [routes.signal, ({ pids, name }) => runner.signal(pids as number[], name as NodeJS.Signals)],
    [routes.killUser, ({ limitMs }) => runner.killUser(limitMs as number)],
    [routes.exists, ({ path }) => value(runner.exists(path as string))],
    [routes.realPath, ({ path }) => value(runner.realPath(path as string))],
    [routes.oomKills, () => value(runner.oomKills())],
    [routes.memory, ({ pids }) => value(runner.memoryMb(pids as number[]))],
  ]);
}

async function answer(stream: ServerHttp2Stream, how: Answer | undefined): Promise<void> {
  const question = await questionOf(stream);
  if (how === undefined) throw new Error('the agent does not know this question');
  const said = await how(question);
  if (stream.destroyed) return;
  stream.respond({ ':status': 200 });
  stream.end(JSON.stringify(said ?? {}));
}

function refuse(stream: ServerHttp2Stream, error: unknown): void {
  if (stream.destroyed) return;
  if (!stream.headersSent) stream.respond({ ':status': 500 });
  stream.end(error instanceof Error ? error.message : String(error));
}
