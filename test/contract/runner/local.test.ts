import { LocalRunner, ownUser } from '@remuda/engine';
import { describe } from 'vitest';
import { runnerContract } from './runner.contract.js';

const of = (runner: LocalRunner) => () => Promise.resolve({ runner, [Symbol.asyncDispose]: () => Promise.resolve() });

runnerContract('This machine', of(ownUser));

describe.skipIf(process.getuid?.() !== 0)('as root', () => {
  // all of this user's processes are killed: nobody else may have the number, another run of this suite neither
  const id = 10_000_000 + process.pid;
  runnerContract('Another user of this machine', of(new LocalRunner({ uid: id, gid: id })));
});
