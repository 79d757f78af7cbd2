import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import type { ProgramStart, Runner, RunningProgram } from '../runner.port.js';
import { questionOf } from './question.js';
import { pidHeader, type ProgramPart } from './wire.js';

/** A program in preparation: its streams first, then the program itself. */
interface Served {
  readonly streams: Partial<Record<ProgramPart, ServerHttp2Stream>>;
  readonly program: Promise<RunningProgram>;
  readonly begin: (program: RunningProgram) => void;
}

/** The programs that an agent runs for its worker, each with its streams. */
export class ServedPrograms {
  readonly #served = new Map<string, Served>();
  readonly #running = new Set<RunningProgram>();

  constructor(private readonly runner: Runner) {}

  /** Accepts one stream of a program. */
  async take(
    stream: ServerHttp2Stream,
    { id, part }: { readonly id: string; readonly part: ProgramPart },
  ): Promise<void> {
    const served = this.#servedAs(id);
    if (part === 'start') return this.#start(id, served, stream);
    if (part === 'signal') return this.#signal(served, stream);
    served.streams[part] = stream;
    stream.respond({ ':status': 200 });
  }

  killAll(): void {
    for (const program of this.#running) program.signal('SIGKILL');
  }

  #servedAs(id: string): Served {
    const known = this.#served.get(id);
    if (known) return known;
    const { promise, resolve } = withResolver<RunningProgram>();
    const served = { streams: {}, program: promise, begin: resolve };
    this.#served.set(id, served);
    return served;
  }

  async #start(id: string, { streams, begin }: Served, stream: ServerHttp2Stream): Promise<void> {
    const program = this.runner.start((await questionOf(stream)) as unknown as ProgramStart);
    begin(program);
    this.#running.add(program);
    join(program, streams);
    const { pid } = program;
    if (!stream.destroyed)
      stream.respond({ ':status': 200, ...(pid === undefined ? {} : { [pidHeader]: String(pid) }) });
    const exit = await program.exited;
    if (!stream.destroyed) stream.end(JSON.stringify(exit));
    await program.closed;
    this.#running.delete(program);
    this.#served.delete(id);
  }

  /** A signal may arrive before the start of its program. */
  async #signal({ program }: Served, stream: ServerHttp2Stream): Promise<void> {
    const { name } = await questionOf(stream);
    (await program).signal(name as NodeJS.Signals);
    if (stream.destroyed) return;
    stream.respond({ ':status': 200 });
    stream.end('{}');
  }
}

/** Connects a program with its streams before its first output. If one side is closed, so is the other. */
function join(program: RunningProgram, { stdin, stdout, stderr }: Served['streams']): void {
  if (stdin) feed(stdin, program.stdin);
  if (stdout) drain(program.stdout, stdout);
  if (stderr) drain(program.stderr, stderr);
}

function feed(stream: ServerHttp2Stream, stdin: Writable): void {
  stream.pipe(stdin);
  stream.once('aborted', () => stdin.destroy());
  const end = (): void => {
    if (stream.readableEnded) stream.end();
    else stream.close(constants.NGHTTP2_CANCEL);
  };
  if (stdin.destroyed) end();
  else stdin.once('close', end);
}

function drain(output: Readable, stream: ServerHttp2Stream): void {
  output.pipe(stream);
  output.once('close', () => stream.end());
  stream.once('close', () => output.destroy());
}

function withResolver<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
