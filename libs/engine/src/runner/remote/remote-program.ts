import { constants, type ClientHttp2Stream } from 'node:http2';
import { PassThrough, Writable } from 'node:stream';
import { parseJson } from '@remuda/protocol';
import { neverStarted } from '../local-program.js';
import type { Exit, ProgramStart, RunningProgram } from '../runner.port.js';
import { bodyOf, type AgentLimits, type AgentLink } from './agent-link.js';
import { pidHeader, programPath, readExit, readPid } from './wire.js';

const maxExitBytes = 16 * 1024;

/** Starts a program at the agent, under a number of its own. */
export function startThere(link: AgentLink, id: number, program: ProgramStart): RunningProgram {
  const open = (part: 'stdin' | 'stdout' | 'stderr' | 'start') =>
    link.open(programPath(id, part), part === 'stdin' || part === 'start' ? 'POST' : 'GET');
  const streams = { stdin: open('stdin'), stdout: open('stdout'), stderr: open('stderr'), start: open('start') };
  const { stdin, stdout, stderr, start } = streams;
  if (!stdin || !stdout || !stderr || !start) return neverStarted('could not be started: its agent is gone');
  start.end(JSON.stringify(program));
  const send = (name: NodeJS.Signals): void => {
    // an agent that is gone has no programs
    link.ask(programPath(id, 'signal'), { name }).catch(() => undefined);
  };
  return new RemoteProgram({ stdin, stdout, stderr, start }, send, link.limits);
}

type Streams = Readonly<Record<'stdin' | 'stdout' | 'stderr' | 'start', ClientHttp2Stream>>;

class RemoteProgram implements RunningProgram {
  pid: number | undefined;
  readonly stdin;
  readonly stdout;
  readonly stderr;
  readonly exited: Promise<Exit>;
  readonly closed: Promise<Exit>;
  #over = false;
  #death: NodeJS.Timeout | undefined;

  constructor(
    private readonly streams: Streams,
    private readonly send: (name: NodeJS.Signals) => void,
    private readonly limits: AgentLimits,
  ) {
    this.stdin = inputOf(streams.stdin);
    this.stdout = outputOf(streams.stdout);
    this.stderr = outputOf(streams.stderr);
    this.exited = this.#exit();
    const outputs = [this.stdout, this.stderr].map(endOf);
    this.closed = Promise.all([this.exited, ...outputs]).then(([exit]) => {
      this.#over = true;
      clearTimeout(this.#death);
      streams.stdin.close();
      return exit;
    });
  }

  /** A killed program whose end is not reported is given up: the job may have taken over its agent. */
  signal(name: NodeJS.Signals): void {
    if (this.#over) return;
    this.send(name);
    if (name === 'SIGKILL') this.#death ??= this.#giveUpIn(this.limits.deathMs);
  }

  async #exit(): Promise<Exit> {
    const { start } = this.streams;
    const late = this.#giveUpIn(this.limits.startMs);
    start.once('response', (headers) => {
      clearTimeout(late);
      this.pid = readPid(headers[pidHeader]);
    });
    const said = await bodyOf(start, maxExitBytes, undefined);
    clearTimeout(late);
    // unread output would delay its end
    for (const output of [this.stdout, this.stderr]) if (output.readableFlowing === null) output.resume();
    const exit = said === undefined ? undefined : readExit(parseJson(said));
    return exit ?? { fault: 'was lost: its agent is gone, or did not report how it ended' };
  }

  #giveUpIn(ms: number): NodeJS.Timeout {
    const giveUp = (): void => {
      for (const stream of Object.values(this.streams)) stream.close(constants.NGHTTP2_CANCEL);
    };
    return setTimeout(giveUp, ms).unref();
  }
}

/** Bytes per write: written data counts against the memory of the whole connection until it is sent. */
const sliceBytes = 64 * 1024;

/** Input of a program, written in slices as it is consumed. */
function inputOf(stream: ClientHttp2Stream): Writable {
  stream.resume();
  const input = new Writable({
    write: (chunk: Buffer, _, done) => {
      writeSlices(stream, chunk).then(() => {
        done();
      }, done);
    },
    final: (done) => {
      stream.end();
      done();
    },
    destroy: (error, done) => {
      if (!stream.writableEnded) stream.close(constants.NGHTTP2_CANCEL);
      done(error);
    },
  });
  input.on('error', () => undefined);
  stream.once('close', () => input.destroy());
  return input;
}

async function writeSlices(stream: ClientHttp2Stream, chunk: Buffer): Promise<void> {
  for (let start = 0; start < chunk.length; start += sliceBytes)
    await new Promise<void>((resolve, reject) => {
      const slice = chunk.subarray(start, start + sliceBytes);
      // if it is closed meanwhile it may never call back
      if (stream.closed || stream.destroyed) reject(new Error('the program no longer reads its input'));
      else stream.write(slice, (error) => (error ? reject(error) : resolve()));
    });
}

/** A stream for a reader that treats a truncated output as its end. */
function outputOf(stream: ClientHttp2Stream): PassThrough {
  const output = new PassThrough();
  stream.pipe(output);
  stream.once('close', () => output.end());
  output.once('close', () => {
    if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL);
  });
  return output;
}

const endOf = (output: PassThrough): Promise<void> =>
  new Promise((resolve) => {
    output.once('close', () => {
      resolve();
    });
  });
