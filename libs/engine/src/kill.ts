import type { Clock } from '@remuda/domain';
import { runAsUser } from './as-user.js';
import type { EngineLog, EngineUser } from './options.js';
import type { Mark } from './processes.js';
import type { Starter } from './starter.js';
import { present, signal, sweep } from './sweep.js';

/** What is to end, and how long each step may take. */
export interface KillAim {
  readonly starter: Starter;
  readonly mark: Mark;
  readonly killMs: number;
  readonly clock: Clock;
  readonly log: EngineLog;
}

/**
 * Kills every process of a user in one step of the kernel's, so that none gets away by starting another one meanwhile: whoever looks
 * for them one by one may miss one that forks and ends all the time. Rejects with `engine.unresponsive` when it can't.
 */
export async function killUser(
  user: EngineUser,
  env: Readonly<Record<string, string>>,
  limitMs: number,
): Promise<void> {
  // the shell itself is spared; that there was nobody to kill is no fault
  const args = ['-c', 'kill -KILL -1 2>/dev/null; exit 0'];
  await runAsUser({ command: '/bin/sh', args, cwd: '/', env, user, timeoutMs: limitMs, code: 'engine.unresponsive' });
}

/** Ends all processes of an engine: SIGTERM to each, and SIGKILL to what is still there after `killMs`. */
export async function killAll(aim: KillAim): Promise<void> {
  const { starter, mark, killMs, clock, log } = aim;
  starter.close();
  for (const one of starter.running) one.terminate('Claude Code was told to end.');
  for (const { pid } of await present(mark, starter.pids)) signal(pid, 'SIGTERM');
  await within(Promise.all([...starter.running].map((one) => one.ended)), killMs, clock);
  for (const one of starter.running) one.kill('Claude Code was killed.');
  const all = { mark, roots: [], spared: [], baseline: new Set<string>(), terminateMs: 0, limitMs: killMs, clock };
  const { left } = await sweep(all);
  if (left > 0) log.warn({ scope: mark.scope }, 'some processes could not be killed');
}

async function within(work: Promise<unknown>, ms: number, clock: Clock): Promise<void> {
  const timer = new AbortController();
  await Promise.race([work, clock.sleep(ms, timer.signal).catch(() => undefined)]);
  timer.abort();
}
