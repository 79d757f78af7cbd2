import { spawn } from 'node:child_process';

const tellEveryMs = 10_000;
const root = new URL('../../..', import.meta.url);

/**
 * @typedef {object} SetUpStep
 * @property {string} what what a person is told: "compiling"
 * @property {string} command
 * @property {readonly string[]} args
 * @property {boolean} [quick] nothing is told unless it takes its time. Default false
 */

/**
 * Runs one step of the set-up and tells how long it takes, every 10 s. What the command prints is shown when it fails,
 * and not before: only our own words stand between a person and the first job. Rejects with a sentence when it fails
 * or is stopped: a signal to this process goes on to it.
 *
 * @param {SetUpStep} step
 * @param {(line: string) => void} [say]
 * @returns {Promise<void>}
 */
export async function runStep({ what, command, args, quick = false }, say = console.error) {
  if (!quick) say(`set-up: ${what}`);
  const began = performance.now();
  const timer = setInterval(() => {
    say(`set-up: ${what}, ${((performance.now() - began) / 1_000).toFixed(0)} s so far`);
  }, tellEveryMs);
  try {
    const { how, printed } = await runToEnd(command, args);
    if (how === undefined) return;
    throw new Error(`${printed}\nset-up: ${command} ${args.join(' ')} failed: ${how}`.trim());
  } finally {
    clearInterval(timer);
  }
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<{ how: string | undefined, printed: string }>} how it failed, if it did, and all that it printed
 */
function runToEnd(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  /** @type {Buffer[]} */
  const printed = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (/** @type {Buffer} */ chunk) => printed.push(chunk));
  const release = handOn(child);
  return new Promise((resolve) => {
    /** @param {string | undefined} how */
    const end = (how) => {
      release();
      resolve({ how, printed: Buffer.concat(printed).toString().trim() });
    };
    child.once('error', (error) => {
      end(error.message);
    });
    child.once('close', (code, signal) => {
      end(code === 0 ? undefined : (signal ?? `exit code ${String(code)}`));
    });
  });
}

/**
 * Hands the signals that end this process on to a child, until released.
 *
 * @param {import('node:child_process').ChildProcess} child
 */
function handOn(child) {
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  /** @param {NodeJS.Signals} signal */
  const pass = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, pass);
  return () => {
    for (const signal of signals) process.off(signal, pass);
  };
}
