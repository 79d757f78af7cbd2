import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { NamedPipeChannel } from '@remuda/channel';
import type { Arrived } from '@remuda/domain';
import { systemClock } from '@remuda/runtime';
import { ratioOf, spreadOf, type Line, type LineReport } from '../figure.js';

const rounds = 7;
const trips = 300;
const small = 'x'.repeat(1_000);
const largeBytes = 1_048_576;
const large = 'x'.repeat(largeBytes);
const largeOnes = 32;

/** Two shells that say a line of 1 KB to and fro through two named pipes, which both hold open. */
const shells = `
mkfifo a b
(exec 3<>a 4<>b; i=0; while [ $i -lt ${String(trips)} ]; do read -r line <&3; echo "$line" >&4; i=$((i+1)); done) &
exec 3<>a 4<>b; i=0; while [ $i -lt ${String(trips)} ]; do echo ${small} >&3; read -r line <&4; i=$((i+1)); done
wait; rm a b
`;

/** Messages through named pipes against the lines of two shells. */
export const channel: Line = {
  name: 'channel',
  about: 'messages to a worker and back through named pipes: 1 KB against two shells, and 1 MB',
  run: async ({ dir }) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'process.js'), dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const host = await NamedPipeChannel.host({ folder: dir, name: 'bench', clock: systemClock });
    const arrivals = host.arrivals()[Symbol.asyncIterator]();
    const ours: number[] = [];
    const theirs: number[] = [];
    const rates: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      theirs.push((await timed(() => void execFileSync('sh', ['-c', shells], { cwd: dir }))) / trips);
      ours.push((await timed(() => toAndFro(host, arrivals, small, trips))) / trips);
      const ms = await timed(() => toAndFro(host, arrivals, large, largeOnes));
      rates.push((largeOnes * largeBytes) / 1_000 / ms);
    }
    await host.send('end');
    await once(child, 'exit');
    await host.close();
    // The first round is for what is compiled at its first use.
    return report(ours.slice(1), theirs.slice(1), rates.slice(1));
  },
};

async function toAndFro(
  host: NamedPipeChannel,
  arrivals: AsyncIterator<Arrived>,
  message: string,
  times: number,
): Promise<void> {
  for (let i = 0; i < times; i++) {
    await host.send(message);
    if ((await arrivals.next()).done === true) throw new Error('the worker has left');
  }
}

async function timed(work: () => void | Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function report(ours: readonly number[], theirs: readonly number[], rates: readonly number[]): LineReport {
  return {
    figures: [
      { what: '1 KB to the worker and back', value: spreadOf(ours), unit: 'ms' },
      { what: '1 KB between two shells', value: spreadOf(theirs), unit: 'ms' },
      { what: '1 KB: ours / shells', value: ratioOf(ours, theirs), unit: 'x', target: { atMost: 3 } },
      { what: 'messages of 1 MB to the worker', value: spreadOf(rates), unit: 'MB/s', target: { atLeast: 50 } },
    ],
    notes: ['All by turns, round by round. A shell reads its lines byte by byte, which is most of its time.'],
  };
}
