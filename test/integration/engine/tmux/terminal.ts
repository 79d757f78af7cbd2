import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, EngineProfile, NewEvent, Turn } from '@remuda/domain';
import { TmuxEngine, type TmuxEngineOptions } from '@remuda/engine';
import { startScriptedModel } from '@remuda/scripted-model';
import { claude, profile, type Stabled } from '../stable.js';

const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal ? { signal: signal as AbortSignal } : {}),
};

/** Whether this machine has tmux: without it, what needs it is skipped. */
export const hasTmux = (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, 'tmux')));

/** An engine in a terminal, as `stable` makes one over stream-json. */
export type Terminal = Omit<Stabled, 'engine'> & { readonly engine: TmuxEngine };

export type TerminalOptions = Omit<Partial<TmuxEngineOptions>, 'profile'> & {
  readonly profile?: Partial<EngineProfile>;
};

/** One that is not warm yet; gone with all it started at the end of its scope. */
export async function terminal(options: TerminalOptions = {}): Promise<Terminal> {
  const folder = await mkdtemp(join(tmpdir(), 'remuda-tmux-'));
  const model = await startScriptedModel();
  const workspace = join(folder, 'workspace');
  const home = join(folder, 'home');
  const exits: string[] = [];
  const engine = new TmuxEngine({
    ...{ claude, workspace, home, env: process.env, bridge: { url: model.url }, modelRetries: 1, clock },
    log: { debug: () => undefined, warn: () => undefined },
    onExit: (reason) => exits.push(reason),
    ...options,
    profile: { ...profile, ...options.profile },
  });
  return {
    ...{ engine, model, workspace, home, exits },
    run: async (prompt, over = {}, signal = new AbortController().signal) => {
      const events: NewEvent[] = [];
      const turn: Turn = { prompt, deltas: false, bridgeToken: 'job-token', env: {}, ...over };
      return { end: await engine.turn(turn, (event) => void events.push(event), signal), events };
    },
    [Symbol.asyncDispose]: async () => {
      await engine.kill();
      await model.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
