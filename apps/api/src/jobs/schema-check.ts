import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Fault, JsonSchema } from '@remuda/domain';
import { schemaFaults } from '@remuda/engine';

/** Longest that a schema may take to be looked over, in ms. */
const limitMs = 10_000;
/** Compiled. Where the api runs from its source, as in tests, there is none. */
const program = new URL('./schema-thread.js', import.meta.url);
const canThread = existsSync(fileURLToPath(program));

let thread: Worker | undefined;
let line: Promise<unknown> = Promise.resolve();

/**
 * What `schemaFaults` says of a schema, by a thread of its own: compiling one of a thousand parts takes longer than other
 * requests should wait. They are looked over one after the other; one that takes more than 10 s, or ends the thread, has
 * that as its fault. Never rejects.
 */
export function checkInThread(schema: JsonSchema, at: string): Promise<readonly Fault[]> {
  if (!canThread) return Promise.resolve(schemaFaults(schema, at));
  const answer = line.then(() => ask(schema, at));
  line = answer;
  return answer;
}

function ask(schema: JsonSchema, at: string): Promise<readonly Fault[]> {
  const asked = (thread ??= start());
  return new Promise((resolve) => {
    const timer = setTimeout(() => void asked.terminate(), limitMs);
    const end = (faults: readonly Fault[]): void => {
      clearTimeout(timer);
      asked.off('message', end).off('exit', gone);
      resolve(faults);
    };
    const gone = (): void => {
      end([{ path: at, message: 'cannot be used: checking it takes too long' }]);
    };
    asked.on('message', end).on('exit', gone).postMessage({ schema, at });
  });
}

/** It keeps no process from its end. */
function start(): Worker {
  const started = new Worker(program, { execArgv: [] });
  started.unref();
  // What it ends with says its exit as well.
  started.on('error', () => undefined);
  started.on('exit', () => (thread = undefined));
  return started;
}
