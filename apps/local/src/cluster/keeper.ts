import { spawn } from 'node:child_process';
import { whenParentGone } from './parent-gone.js';

/**
 * Runs a program that is not ours (`keeper.js <lingerMs> <command> <args…>`) and ends with it. Asked to go, it takes
 * the program along; so it does when the process that started it is gone, after a time for those who still need the
 * program.
 */
const [lingerMs, command, ...args] = process.argv.slice(2);
if (command === undefined) throw new Error('keeper: expected a time and a command');

// Before the program is there: a signal in between would leave it behind.
process.once('SIGTERM', () => void child.kill('SIGTERM'));
const child = spawn(command, args, { stdio: 'inherit' });
child.once('error', (error) => {
  process.stderr.write(`${command}: ${error.message}\n`);
  process.exit(127);
});
child.once('exit', (code) => process.exit(code ?? 1));
whenParentGone(() => setTimeout(() => child.kill('SIGTERM'), Number(lingerMs)));
