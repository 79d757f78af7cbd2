import { LocalRunner, ownUser } from '@remuda/engine';
import { describe } from 'vitest';
import { runnerContract } from './runner.contract.js';

const of = (runner: LocalRunner) => () => Promise.resolve({ runner, [Symbol.asyncDispose]: () => Promise.resolve() });

runnerContract('This machine', of(ownUser));

describe.skipIf(process.getuid?.() !== 0)('as root', () => {
  // nobody else may have this number
  runnerContract('Another user of this machine', of(new LocalRunner({ uid: 54_323, gid: 54_323 })));
});
