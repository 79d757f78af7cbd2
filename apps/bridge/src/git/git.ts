import { spawn } from 'node:child_process';
import { RemudaError } from '@remuda/domain';
import { isTrouble } from './git-trouble.js';
import { withoutPasswords } from './repository.js';

/** How git is run on this host. */
export interface GitRun {
  /** The environment of the host's git: its credential helpers and ssh agent are found by it. */
  readonly env: Readonly<Record<string, string>>;
  /** Longest time one command may take. */
  readonly timeoutMs: number;
  /** Longest time in which one prints nothing, progress included. */
  readonly silenceMs: number;
  /** Ends what runs. */
  readonly signal: AbortSignal;
}

/** Variables by which git would work elsewhere than it is told to. */
const inheritedVariables = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
];

/** The environment for git on this host: nobody is asked for a password, and only these protocols are spoken. */
export function gitEnvironment(env: Readonly<Record<string, string>>, protocols: string): Record<string, string> {
  const kept = Object.entries(env).filter(([name]) => !inheritedVariables.includes(name));
  return {
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes',
    ...Object.fromEntries(kept),
    // What it prints is read.
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: protocols,
    SSH_ASKPASS_REQUIRE: 'never',
  };
}

/** Hooks never run, and nothing is left behind in the background. */
const always = ['-c', 'core.hooksPath=/dev/null', '-c', 'maintenance.auto=false', '-c', 'gc.autoDetach=false'];
const maxOutputBytes = 16 * 1024 * 1024;
/** So much of what it says last is kept, in characters. */
const keptWords = 16_384;
/** What is told to end has so long for it, in ms. */
const graceMs = 2_000;

/** Why git was ended before its time. */
type Cut = 'timeout' | 'silence' | 'unwanted' | 'output';

/**
 * Runs git in a folder; resolves with what it printed. Rejects with git's last lines: with `workspace.failed` where the same again would end
 * the same way, with `workspace.unavailable` where it took too long, made no progress, was ended by the signal, or could not reach the
 * repository. Ended, it takes along all that it started.
 */
export function git(folder: string, args: readonly string[], run: GitRun): Promise<string> {
  return new Promise((resolve, reject) => {
    if (run.signal.aborted) {
      reject(cutError('unwanted', run));
      return;
    }
    const child = spawn('git', [...always, ...args], {
      cwd: folder,
      env: run.env,
      // A group of its own: git's helpers hold on to a server that says nothing when git itself is gone.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [output, words] = ['', ''];
    let cut: Cut | undefined;
    const end = (why: Cut): void => {
      cut ??= why;
      endGroup(child.pid);
    };
    const onAbort = (): void => {
      end('unwanted');
    };
    const limit = setTimeout(end, run.timeoutMs, 'timeout');
    const silence = setTimeout(end, run.silenceMs, 'silence');
    run.signal.addEventListener('abort', onAbort, { once: true });
    child.stdout.on('data', (chunk: Buffer) => {
      silence.refresh();
      output += chunk.toString();
      if (output.length > maxOutputBytes) end('output');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      silence.refresh();
      words = (words + chunk.toString()).slice(-keptWords);
    });
    const settle = (code: number | null, error?: Error): void => {
      clearTimeout(limit);
      clearTimeout(silence);
      run.signal.removeEventListener('abort', onAbort);
      if (cut) reject(cutError(cut, run));
      else if (code === 0) resolve(output);
      else reject(failure(words, error));
    };
    child.once('error', (error) => {
      settle(null, error);
    });
    child.once('close', settle);
  });
}

/** Git removes its locks when it is asked to end. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  const send = (signal: 'SIGTERM' | 'SIGKILL'): void => {
    try {
      process.kill(-pid, signal);
    } catch {
      // All of it has ended.
    }
  };
  send('SIGTERM');
  setTimeout(send, graceMs, 'SIGKILL').unref();
}

function cutError(cut: Cut, { timeoutMs, silenceMs }: GitRun): RemudaError {
  const why = {
    timeout: `git timed out after ${String(timeoutMs)} ms.`,
    silence: `git made no progress for ${String(silenceMs)} ms.`,
    unwanted: 'git was stopped, because no client waits for it any more.',
    output: 'git printed too much output.',
  };
  return new RemudaError('workspace.unavailable', why[cut]);
}

const progress = /^(remote: )?(Enumerating|Counting|Compressing|Receiving|Resolving|Unpacking|Updating|Total|Writing) /;

function failure(words: string, error: Error | undefined): RemudaError {
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT')
    return new RemudaError('workspace.failed', 'git is not installed on the host.');
  const printed = withoutPasswords(words).split(/[\r\n]+/);
  const lastLines = printed.filter((line) => line.trim() !== '' && !progress.test(line));
  const said = lastLines.slice(-3).join(' ') || 'git failed.';
  return new RemudaError(isTrouble(words) ? 'workspace.unavailable' : 'workspace.failed', said, { lastLines });
}
