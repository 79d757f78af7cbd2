import { demo } from './demo/demo.js';
import { start } from './start.js';

const [what, ...words] = process.argv.slice(2);
const leaving = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    leaving.abort();
  });
// The reader closed the pipe (`npm run demo | head`), or the terminal is gone.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', () => {
    leaving.abort();
  });

try {
  const prompt = words.join(' ').trim();
  const fine =
    what === 'start'
      ? await start(process.env, leaving.signal)
      : await demo({ env: process.env, prompt: prompt === '' ? undefined : prompt, signal: leaving.signal });
  process.exitCode = fine ? 0 : 1;
} catch (error) {
  if (!leaving.signal.aborted) console.error(error instanceof Error ? error.message : error);
  process.exitCode = leaving.signal.aborted ? 130 : 1;
}
