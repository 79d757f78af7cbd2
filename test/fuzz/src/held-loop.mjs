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

/** How long it takes to look at each of so many bytes once, in ms: what this machine can do at best, of several tries. */
function scan(bytes) {
  const buffer = Buffer.alloc(bytes, 'x');
  const tries = Array.from({ length: 5 }, () => {
    const from = now();
    let sum = 0;
    for (let i = 0; i < buffer.length; i++) sum += buffer[i];
    return sum > 0 ? between(from, now()) : 0;
  });
  return Math.min(...tries);
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
  scan: (bytes) => scan(Number(bytes)),
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
