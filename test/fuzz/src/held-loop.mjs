/* global process, performance, Buffer */
// Loaded into a process before its own code (`node --import`): tells how long its event loop is held. Whoever connects to the
// socket at REMUDA_HELD_SOCKET says `begin` and hears `begun`, and says `end` and hears the longest turn since, in ms.
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { isMainThread } from 'node:worker_threads';

/**
 * What a turn has taken is at most the time of the clock, and at most the processor time of the whole process. The smaller
 * one is told: others on the machine add to the first only, the collector's and the pool's threads to the second only.
 */
const now = () => {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now(), cpu: (user + system) / 1_000 };
};
const between = (a, b) => Math.min(b.wall - a.wall, b.cpu - a.cpu);

let worst = 0;
let turning;

function begin() {
  worst = 0;
  let last = now();
  const turn = () => {
    const at = now();
    worst = Math.max(worst, between(last, at));
    last = at;
    turning = setImmediate(turn);
  };
  turn();
}

/**
 * How long it takes to copy so many bytes to memory that was not used before, in ms, the middle of five tries. Whoever takes
 * a large text has to do that: on machines whose memory comes page by page from another system it takes ten times as long.
 */
function copy(bytes) {
  const source = Buffer.alloc(bytes, 'x');
  const copies = [];
  const tries = Array.from({ length: 5 }, () => {
    const from = now();
    const fresh = Buffer.allocUnsafeSlow(bytes);
    source.copy(fresh);
    const took = between(from, now());
    // Kept, so that the next one does not get the same memory.
    copies.push(fresh);
    return took;
  });
  return tries.toSorted((a, b) => a - b)[2];
}

const answers = {
  begin: () => {
    begin();
    return 'begun';
  },
  end: () => {
    clearImmediate(turning);
    return worst;
  },
  copy: (bytes) => copy(Number(bytes)),
};

const server = createServer((line) => {
  createInterface({ input: line }).on('line', (text) => {
    const [what, ...words] = text.split(' ');
    line.write(`${answers[what](...words)}\n`);
  });
  line.on('error', () => undefined);
});
// Threads of the process are no concern of its loop.
if (isMainThread) server.listen(process.env.REMUDA_HELD_SOCKET).unref();
