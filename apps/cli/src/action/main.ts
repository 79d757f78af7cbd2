import { setFailed } from '@actions/core';
import { codeOfError } from '../exit-code.js';
import { reasonOf } from '../reason-of.js';
import { runAction } from './action.js';

const leaving = new AbortController();
// a runner that cancels a workflow sends SIGINT, and SIGTERM some seconds later
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => leaving.abort());

const { env, stdout, stderr } = process;
const around = { env, cwd: process.cwd(), stdout, stderr, leaving: leaving.signal };
const code = await runAction(around).catch((error: unknown) => {
  setFailed(reasonOf(error));
  return codeOfError(error);
});
stdout.write('', () => process.exit(code));
