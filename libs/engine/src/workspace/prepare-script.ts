import { setTimeout as pause } from 'node:timers/promises';
import { toolsEnvironment } from '../process/environment.js';
import { exitWords, type Runner } from '../runner/runner.port.js';
import { Tail } from '../stream/lines.js';
import { toolsEnvPath } from './home.js';

/** An operator's script that prepares a workspace, and the place where it runs. */
export interface PrepareScript {
  /** For Bash, with `-e` and `pipefail`. */
  readonly script: string;
  readonly workspace: string;
  readonly home: string;
  /** The harmless part of an environment: PATH, language and the like. */
  readonly base: Readonly<Record<string, string>>;
  readonly runner: Runner;
  /** Variables of the job's tools: its secrets. */
  readonly env: Readonly<Record<string, string>>;
  /** The proxy of the job's tools. Default: none. */
  readonly egressProxy?: string;
  readonly signal: AbortSignal;
}

/** How a script ended. */
export interface ScriptEnd {
  readonly ok: boolean;
  /** `ended with exit code 1` */
  readonly how: string;
  /** Its last lines, of both outputs. */
  readonly output: string;
}

/** How long output may still come after the script has ended, in ms: a process that it left may keep it open. */
const outputMs = 500;

/**
 * Runs it in the workspace as the agent's user, in the environment of the agent's tools: with their proxy and without
 * the agent's own settings. What it leaves running in its process group is ended. Never rejects; if the signal aborts it is killed.
 */
export async function runPrepareScript(plan: PrepareScript): Promise<ScriptEnd> {
  const { script, workspace, home, base, runner, signal } = plan;
  const env = { ...base, HOME: home, SHLVL: '1', BASH_ENV: toolsEnvPath(home), ...toolsEnvironment(plan) };
  const args = ['-e', '-o', 'pipefail', '-c', `exec 2>&1\n${script}`];
  const running = runner.start({ command: 'bash', args, cwd: workspace, env });
  const kill = (): void => {
    running.signal('SIGKILL');
  };
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  const tail = new Tail();
  for (const stream of [running.stdout, running.stderr])
    stream.on('data', (chunk: Buffer) => {
      tail.add(chunk.toString('utf8'));
    });
  running.stdin.end();
  const exit = await running.exited;
  signal.removeEventListener('abort', kill);
  kill();
  await Promise.race([running.closed, pause(outputMs, undefined, { ref: false })]);
  for (const stream of [running.stdout, running.stderr]) stream.destroy();
  return { ok: exit.code === 0, how: exitWords(exit), output: tail.lines.join('\n') };
}
