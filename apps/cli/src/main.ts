import { runCommand } from './program.js';

const leaving = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    // A second one does not wait for anything.
    if (leaving.signal.aborted) process.exit(130);
    leaving.abort();
  });
// The reader closed the pipe (`remuda ls | head`): there is nobody to write for.
process.stdout.on('error', () => process.exit(0));

const { env, stdout, stderr, stdin } = process;
const code = await runCommand(
  process.argv.slice(2),
  { env, cwd: process.cwd(), stdout, stderr, leaving: leaving.signal },
  stdin,
);
// What keeps the loop alive (a connection that is kept for the next request) has nothing to do any more.
stdout.write('', () => process.exit(code));
