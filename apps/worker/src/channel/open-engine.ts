import type { Engine } from '@remuda/domain';
import { AttachedEngine } from '@remuda/engine';
import type { WorkerProfile } from '@remuda/protocol';
import { systemClock } from '@remuda/runtime';
import { engineOf } from '../engine.js';
import type { ChannelPlan } from './channel-plan.js';
import { openDirectModel } from './direct-model.js';
import type { ChannelPlace } from './open-channel.js';
import { refuseOwnHome } from './own-home.js';
import { OwnersEngine } from './owners-engine.js';
import { Reviver } from './revive.js';
import { sessionFile } from './session-file.js';

/** An engine, and what has to be closed with it. */
export interface OpenEngine extends AsyncDisposable {
  readonly engine: Engine;
}

/** The engine that the settings ask for. Rejects with `config.invalid`, `credential.missing`, or `engine.not_running`. */
export function openEngine(plan: ChannelPlan, place: ChannelPlace): Promise<OpenEngine> {
  return plan.settings.attachOnly === '1' ? attach(plan) : startClaude(plan, place);
}

/** A Claude Code that the worker starts, and the model behind its own socket. */
async function startClaude(
  { own, settings, runner, log, env, claudeArgs }: ChannelPlan,
  place: ChannelPlace,
): Promise<OpenEngine> {
  const { workspace, home, claude } = own;
  await refuseOwnHome(home, runner);
  let admits: (token: string | undefined) => boolean = () => false;
  const model = await openDirectModel(settings, (token) => admits(token), log);
  const inner = engineOf(own, profileOf(settings), {
    ...{ claude, workspace, home, env, runner, log, clock: systemClock, bridge: model.address },
    ...{ claudeArgs, keepFiles: true },
    onExit: (reason) => {
      engine.ended();
      reviver.revive(reason).catch(() => undefined);
    },
  });
  const engine: OwnersEngine = new OwnersEngine({
    ...{ engine: inner, after: settings.conversation, steady: settings.engine === 'tmux' },
    ...{ memory: sessionFile(place), now: () => systemClock.now(), revive: (why) => reviver.revive(why) },
    giveUp: () => reviver.close(),
  });
  const reviver: Reviver = new Reviver(engine, systemClock, log);
  ({ admits } = engine);
  return { engine, [Symbol.asyncDispose]: () => model[Symbol.asyncDispose]() };
}

/** The Claude Code of a person. Rejects with `engine.not_running` if there is none; later one is waited for. */
async function attach({ own, runner, log, env }: ChannelPlan): Promise<OpenEngine> {
  const inner = new AttachedEngine({
    ...{ workspaceName: own.workspaceName, env, runner, log, clock: systemClock },
    onExit: (reason) => void reviver.revive(reason).catch(() => undefined),
  });
  const engine: OwnersEngine = new OwnersEngine({
    ...{ engine: inner, after: 'fresh', steady: false, now: () => systemClock.now() },
    ...{ revive: (why) => reviver.revive(why), giveUp: () => reviver.close() },
    memory: { read: () => Promise.resolve(undefined), write: () => Promise.resolve() },
  });
  const reviver: Reviver = new Reviver(engine, systemClock, log);
  await inner.warm();
  return { engine, [Symbol.asyncDispose]: () => inner.kill() };
}

function profileOf({ engine: engineKind, ...settings }: ChannelPlan['settings']): WorkerProfile {
  const { model, permissionMode, trustRepository } = settings;
  const engine = { model, permissionMode, tools: {}, trustRepository: trustRepository === '1' };
  return { name: 'default', engineKind, engine, afterJobs: Infinity };
}
