import { spawn } from 'node:child_process';
import { pipeline } from 'node:stream/promises';
import { RemudaError } from '@remuda/domain';
import { isTrouble } from './git-trouble.js';
import { withoutPasswords } from './repository.js';

/** How git is run on this host. */
export interface GitRun {
  /** The host's environment, in which git finds its credential helpers and ssh agent. */
  readonly env: Readonly<Record<string, string>>;
  /** Timeout of one command. */
  readonly timeoutMs: number;
  /** Timeout of a command that prints nothing, not even progress. */
  readonly silenceMs: number;
  /** Stops the command. */
  readonly signal: AbortSignal;
  /** What it reads. Default: nothing. */
  readonly input?: AsyncIterable<Uint8Array>;
  /** Limit on its memory (address space), in MiB. Default: none. */
  readonly memoryMb?: number;
}

/** Variables that would redirect git to other files or folders. */
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

/** The environment for git on this host: no password prompts, and only these protocols. */
export function gitEnvironment(env: Readonly<Record<string, string>>, protocols: string): Record<string, string> {
  const kept = Object.entries(env).filter(([name]) => !inheritedVariables.includes(name));
  return {
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes',
    ...Object.fromEntries(kept),
    // Its output is parsed.
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: protocols,
    SSH_ASKPASS_REQUIRE: 'never',
  };
}

/** No hooks, and no background processes. */
const always = ['-c', 'core.hooksPath=/dev/null', '-c', 'maintenance.auto=false', '-c', 'gc.autoDetach=false'];
const maxOutputBytes = 16 * 1024 * 1024;
/** How many characters of its last output are kept. */
const keptWords = 16_384;
/** How long git has to exit after SIGTERM, in ms. */
const graceMs = 2_000;

/** Why git was stopped early. */
type Cut = 'timeout' | 'silence' | 'unwanted' | 'output';

/**
 * Runs git in a folder; resolves with its output. Rejects with git's last lines: with `workspace.failed` if a retry
 * would fail the same way, with `workspace.unavailable` if it timed out, made no progress, was stopped by the signal,
 * or could not reach the repository. When it is stopped, so are all processes that it started.
 */
export function git(folder: string, args: readonly string[], run: GitRun): Promise<string> {
  return new Promise((resolve, reject) => {
    if (run.signal.aborted) {
      reject(cutError('unwanted', run));
      return;
    }
    const [command, ...words] = commandOf([...always, ...args], run);
    const child = spawn(command, words, {
      cwd: folder,
      env: run.env,
      // A process group of its own: git's helpers would keep waiting for a silent server after git itself is gone.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // If git ends before it has read everything, its own output says why; if the input breaks off, git sees its end.
    if (run.input) pipeline(run.input, child.stdin).catch(() => undefined);
    else child.stdin.on('error', () => undefined).end();
    let [output, said] = ['', ''];
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
      said = (said + chunk.toString()).slice(-keptWords);
    });
    const settle = (code: number | null, error?: Error): void => {
      clearTimeout(limit);
      clearTimeout(silence);
      run.signal.removeEventListener('abort', onAbort);
      if (cut) reject(cutError(cut, run));
      else if (code === 0) resolve(output);
      else reject(failure(said, error));
    };
    child.once('error', (error) => {
      settle(null, error);
    });
    child.once('close', settle);
  });
}

function commandOf(args: readonly string[], { memoryMb }: GitRun): readonly [string, ...string[]] {
  if (memoryMb === undefined) return ['git', ...args];
  return ['/bin/sh', '-c', 'ulimit -v "$0" && exec git "$@"', String(memoryMb * 1_024), ...args];
}

/** Git removes its locks on SIGTERM. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  const send = (signal: 'SIGTERM' | 'SIGKILL'): void => {
    try {
      process.kill(-pid, signal);
    } catch {
      // The whole group has ended.
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
