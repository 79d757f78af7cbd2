import { spawn } from 'node:child_process';
import { whenParentGone } from './parent-gone.js';

/**
 * Runs a third-party program (`keeper.js <lingerMs> <command> <args…>`) and ends with it. On SIGTERM it stops the
 * program; so it does if its parent process is gone, after a delay for those that still need the program.
 */
const [lingerMs, command, ...args] = process.argv.slice(2);
if (command === undefined) throw new Error('keeper: expected a time and a command');

// Registered before the program starts: a signal in between would leave it running.
process.once('SIGTERM', () => void child.kill('SIGTERM'));
const child = spawn(command, args, { stdio: 'inherit' });
child.once('error', (error) => {
  process.stderr.write(`${command}: ${error.message}\n`);
  process.exit(127);
});
child.once('exit', (code) => process.exit(code ?? 1));
whenParentGone(() => setTimeout(() => child.kill('SIGTERM'), Number(lingerMs)));
