import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { RemoteRunner, admitAgent, ownUser, type Runner, type RunningProgram } from '@remuda/engine';
import { ratioOf, spreadOf, type Line, type LineReport } from '../figure.js';

const rounds = 7;
const lineCount = 300;
const bytes = 32 * 1024 * 1024;
const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };

/** What one round came to, in ms. */
interface Round {
  /** From the start of a program to its end. */
  readonly program: number;
  /** A line to a program and back. */
  readonly line: number;
  /** 32 MiB to a program and back. */
  readonly bulk: number;
  /** A look at all processes. */
  readonly look: number;
}

/** Programs by the agent of a pod against programs of our own. */
export const agent: Line = {
  name: 'agent',
  about:
    'programs by a socket, as in a pod, against programs of our own: start, lines to and fro, bulk, a look at all processes',
  run: async (stage) => {
    const path = join(stage.dir, 'agent.sock');
    const come = admitAgent(path, 30_000);
    const child = spawn(process.execPath, [join(import.meta.dirname, 'process.js'), path], { stdio: 'inherit' });
    const remote = await RemoteRunner.over(await come);
    const there: Round[] = [];
    const here: Round[] = [];
    for (let round = 0; round <= rounds; round++) {
      here.push(await measure(ownUser));
      there.push(await measure(remote));
    }
    const gone = once(child, 'exit');
    remote.close();
    await gone;
    // The first round is for what is compiled at its first use.
    return report(there.slice(1), here.slice(1));
  },
};

async function measure(runner: Runner): Promise<Round> {
  const program = await timed(async () => {
    const one = runner.start({ command: '/bin/true', args: [], cwd: '/', env });
    one.stdin.end();
    await one.closed;
  });
  const cat = runner.start({ command: 'cat', args: [], cwd: '/', env });
  const word = Buffer.alloc(200, 'x').fill('\n', 199);
  await andBack(cat, word);
  const lines = await timed(async () => {
    for (let i = 0; i < lineCount; i++) await andBack(cat, word);
  });
  const bulk = await timed(() => andBack(cat, Buffer.alloc(bytes)));
  cat.stdin.end();
  cat.stdout.resume();
  await cat.closed;
  const look = await timed(async () => {
    await runner.processes('nobody');
  });
  return { program, line: lines / lineCount, bulk, look };
}

/** Writes to a program, and waits until as much has come back. */
function andBack({ stdin, stdout }: RunningProgram, content: Buffer): Promise<void> {
  return new Promise((resolve) => {
    let back = 0;
    const take = (chunk: Buffer): void => {
      back += chunk.length;
      if (back < content.length) return;
      stdout.off('data', take);
      resolve();
    };
    stdout.on('data', take);
    stdin.write(content);
  });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function report(there: readonly Round[], here: readonly Round[]): LineReport {
  const what: Readonly<Record<keyof Round, string>> = {
    program: 'a program from its start to its end',
    line: 'a line of 200 bytes to a program and back',
    bulk: '32 MiB to a program and back',
    look: 'a look at all processes',
  };
  const figures = (Object.keys(what) as (keyof Round)[]).flatMap((key) => {
    const [ours, own] = [there, here].map((series) => series.map((round) => round[key])) as [number[], number[]];
    return [
      { what: `${what[key]}, by the agent`, value: spreadOf(ours), unit: 'ms' as const },
      { what: `${what[key]}, our own`, value: spreadOf(own), unit: 'ms' as const },
      { what: `${what[key]}: agent / own`, value: ratioOf(ours, own), unit: 'x' as const },
    ];
  });
  return {
    figures,
    notes: ['The agent is a process of its own, joined by a unix socket. Both ways by turns, round by round.'],
  };
}
