import { once } from 'node:events';
import { watch } from 'node:fs';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, EngineProfile, NewEvent, Turn, TurnEnd } from '@remuda/domain';
import { StreamEngine, type StreamEngineOptions } from '@remuda/engine';
import { startScriptedModel, type ScriptedModel, type Step } from '@remuda/scripted-model';
import { mainVersion } from './versions.js';

export const { claude } = mainVersion;

const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal ? { signal: signal as AbortSignal } : {}),
};

export const profile: EngineProfile = {
  model: 'claude-sonnet-4-5',
  permissionMode: 'bypassPermissions',
  tools: {},
  trustRepository: false,
};

/** One engine with a scripted model behind it and folders of its own; gone with all it started at the end of its scope. */
export interface Stabled extends AsyncDisposable {
  readonly engine: StreamEngine;
  readonly model: ScriptedModel;
  readonly workspace: string;
  readonly home: string;
  /** Why the engine ended by itself, outside of a turn. */
  readonly exits: string[];
  /** Carries out one turn, and gives its end and its events. */
  readonly run: (prompt: string, over?: Partial<Turn>, signal?: AbortSignal) => Promise<Ran>;
}

export interface Ran {
  readonly end: TurnEnd;
  readonly events: readonly NewEvent[];
}

export type StableOptions = Omit<Partial<StreamEngineOptions>, 'profile'> & {
  readonly profile?: Partial<EngineProfile>;
};

/** An engine that is not warm yet. No spare unless asked for. */
export async function stable(options: StableOptions = {}): Promise<Stabled> {
  const folder = await mkdtemp(join(tmpdir(), 'remuda-engine-'));
  const model = await startScriptedModel();
  const workspace = join(folder, 'workspace');
  const home = join(folder, 'home');
  const exits: string[] = [];
  const engine = new StreamEngine({
    claude,
    workspace,
    home,
    env: process.env,
    bridge: { url: model.url },
    modelRetries: 1,
    clock,
    log: { debug: () => undefined, warn: () => undefined },
    onExit: (reason) => exits.push(reason),
    ...options,
    profile: { ...profile, ...options.profile },
  });
  return {
    engine,
    model,
    workspace,
    home,
    exits,
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

/** The same, warm. */
export async function warmStable(options: StableOptions = {}): Promise<Stabled> {
  const one = await stable(options);
  try {
    await one.engine.warm();
    return one;
  } catch (error) {
    await one[Symbol.asyncDispose]();
    throw error;
  }
}

/** A step that calls Bash. */
export const bash = (command: string): Step => ({ tools: [{ name: 'Bash', input: { command, description: 'test' } }] });

/** The types of events, in order. */
export const typesOf = (events: readonly NewEvent[]): string[] => events.map((event) => event.type);

/** The data of the events of one type. */
export const dataOf = <T extends NewEvent['type']>(events: readonly NewEvent[], type: T) =>
  events.flatMap((event) => (event.type === type ? [event.data as Extract<NewEvent, { type: T }>['data']] : []));

/** Numbers of seconds to sleep that no other command of this machine has. */
let number = 0;
export const nap = (): string => `300.${String(process.pid)}${String(number++)}`;

/** Resolves when a file of that name is in the workspace. */
export async function made(one: Pick<Stabled, 'workspace'>, name: string): Promise<void> {
  const watcher = watch(one.workspace);
  try {
    while (
      !(await access(join(one.workspace, name)).then(
        () => true,
        () => false,
      ))
    )
      await once(watcher, 'change');
  } finally {
    watcher.close();
  }
}
