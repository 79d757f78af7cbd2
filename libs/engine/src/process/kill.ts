import { failureOf, type Clock } from '@remuda/domain';
import type { EngineLog } from '../options.js';
import type { Runner } from '../runner/runner.port.js';
import type { Starter } from './starter.js';
import { present, sweep } from './sweep.js';

/** What to end, and the timeout of each step. */
export interface KillAim {
  readonly starter: Starter;
  readonly runner: Runner;
  readonly scope: string;
  readonly killMs: number;
  readonly clock: Clock;
  readonly log: EngineLog;
}

/**
 * Ends all processes of an engine: SIGTERM to each, and SIGKILL to those still running after `killMs`. If the place
 * where they ran is gone, so are they.
 */
export async function killAll(aim: KillAim): Promise<void> {
  try {
    await killEach(aim);
  } catch (error) {
    if (failureOf(error).code !== 'engine.crashed') throw error;
  }
}

async function killEach(aim: KillAim): Promise<void> {
  const { starter, runner, scope, killMs, clock, log } = aim;
  starter.close();
  for (const one of starter.running) one.terminate('Claude Code was told to exit.');
  const there = await present(aim, () => starter.pids);
  await runner.signal(there.map(pidOf), 'SIGTERM');
  await within(Promise.all([...starter.running].map((one) => one.ended)), killMs, clock);
  for (const one of starter.running) one.kill('Claude Code was killed.');
  const none = { roots: () => [], spared: () => [], baseline: new Set<string>() };
  const { left } = await sweep({ runner, scope, ...none, terminateMs: 0, limitMs: killMs, clock });
  if (left > 0) log.warn({ scope }, 'some processes could not be killed');
}

const pidOf = ({ pid }: { readonly pid: number }): number => pid;

async function within(work: Promise<unknown>, ms: number, clock: Clock): Promise<void> {
  const timer = new AbortController();
  await Promise.race([work, clock.sleep(ms, timer.signal).catch(() => undefined)]);
  timer.abort();
}
