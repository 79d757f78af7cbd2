import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RemudaError, readSettings, type SettingsOf } from '@remuda/domain';
import type { BridgeAddress, CopyPlace, GitFolder } from '@remuda/engine';
import { bridgeSockets, workerEnv } from '@remuda/protocol';
import { RedisWorkerLine, connectRedis, redisKeys } from '@remuda/redis';
import { createLogger, systemClock, type Logger, makeWorkerKey } from '@remuda/runtime';
import { openBridge } from './bridge/open-bridge.js';
import type { ChannelPlan } from './channel/channel-plan.js';
import { readCommandLine, usage } from './channel/command-line.js';
import { placeOf, statusPath, type ChannelPlace } from './channel/open-channel.js';
import { runOnChannel } from './channel/run-on-channel.js';
import { channelSettings } from './channel/settings.js';
import { checkStatus } from './channel/status-file.js';
import { Egress } from './egress/egress.js';
import { engineOf } from './engine.js';
import { enrol } from './enrol.js';
import { Files } from './files.js';
import { runnerOf } from './runner.js';
import { workerSettings } from './settings.js';
import { Push } from './push.js';
import { SnapshotClient } from './snapshot-client.js';
import { Snapshots } from './snapshots.js';
import { Worker } from './worker.js';
import { EngineWorkspace } from './workspace.js';

/** Exit code of a fault that the operator can fix (EX_CONFIG of sysexits). */
const configExit = 78;
/** Exit code of a worker that may not start the Claude Code that it does not find (EX_UNAVAILABLE). */
const notRunningExit = 69;

/** By which a worker is told to leave. */
const leaveSignals = ['SIGTERM', 'SIGINT'] as const;

type Settings = SettingsOf<typeof workerSettings>;

async function main(): Promise<void> {
  const { env, claudeArgs, check, help } = readCommandLine(process.argv.slice(2));
  if (help) {
    console.log(usage);
    return;
  }
  const all = { ...process.env, ...env };
  const { channel, ...settings } = readSettings(channelSettings, all);
  if (channel === 'redis') {
    if (settings.attachOnly === '1')
      throw new RemudaError(
        'config.invalid',
        "--attach-only needs --channel fifo or files: a scheduler's jobs get workspaces of their own, which are emptied.",
      );
    await runForScheduler();
  } else {
    const own = readSettings(workerSettings, all);
    if (check) await checkIt(placeOf({ channel, ...settings }, own));
    else await onChannel(own, { channel, ...settings }, claudeArgs);
  }
}

/** Says whether the worker on this channel is well, by output and exit code. */
async function checkIt(place: ChannelPlace): Promise<void> {
  const { ok, what } = await checkStatus(statusPath(place), systemClock.now());
  console.log(what);
  if (!ok) process.exit(1);
}

async function onChannel(
  own: Settings,
  settings: ChannelPlan['settings'],
  claudeArgs: readonly string[],
): Promise<void> {
  const log = createLogger({ name: 'worker', level: own.logLevel });
  const runner = await runnerOf(own, log);
  const onWorker = (worker: Worker): void => {
    for (const signal of leaveSignals) process.on(signal, () => void worker.leave());
  };
  await runOnChannel({ own, settings, claudeArgs, env: process.env, runner, log, onWorker });
}

async function runForScheduler(): Promise<void> {
  const own = readSettings(workerSettings, process.env);
  let hide = (line: string): string => line;
  const log = createLogger({ name: 'worker', level: own.logLevel, hide: (line) => hide(line) });
  // before it enrols, which may take long: an agent waits two minutes for its worker
  const runner = await runnerOf(own, log);
  const settings = await enrolled(own, log);
  const { id, redisUrl, bridge, profile, workspace, home, cache, claude } = settings;
  if (id === undefined || redisUrl === undefined || bridge === undefined || profile === undefined)
    throw new RemudaError('config.invalid', 'A worker is started by its scheduler, which sets its environment.');
  const address = await openBridge(bridge, settings, log);
  const line = new RedisWorkerLine(() => connectRedis(redisUrl, { name: id, log }), redisKeys(settings.namespace), id);
  await line.probe();
  const engine = engineOf({ ...settings, gateway: address }, profile, {
    ...{ claude, workspace, home, cache, env: process.env, bridge: address, clock: systemClock, log, runner },
    onExit: (reason) => worker.onEngineExit(reason),
  });
  const folder = new EngineWorkspace({
    workspace,
    home,
    gitConnect: fileURLToPath(new URL('./git-connect.mjs', import.meta.url)),
    gitSocket: 'socket' in address ? join(dirname(address.socket), bridgeSockets.git) : undefined,
    env: process.env,
    runner,
    prepare: profile.prepare,
  });
  const place = { workspace, home, env: folder.env, runner };
  const snapshots = snapshotsOf(settings, address, place, log);
  const files = filesOf(address, place);
  const push = pushOf(address, folder.at);
  // an agent runs as Claude Code's own user: the next job would get what a job has made of it. Pods that enrol accept that
  const afterJobs = settings.agentSocket === undefined || settings.enrol ? profile.afterJobs : 1;
  const { drainMs } = settings;
  const onSecrets = (hideText: typeof hide): void => void (hide = hideText);
  const egress = egressOf(address, log);
  const worker: Worker = new Worker({
    ...{
      line,
      engine,
      workspace: folder,
      snapshots,
      files,
      push,
      egress,
      afterJobs,
      drainMs,
      clock: systemClock,
      log,
      onSecrets,
    },
    key: makeWorkerKey(),
    spare: profile.spare,
  });
  for (const signal of leaveSignals) process.on(signal, () => void worker.leave());
  await worker.run();
}

/** The worker's settings. In a pod of another controller most of them come from the scheduler, at enrolment. */
async function enrolled(own: Settings, log: Logger): Promise<Settings> {
  const { enrol: url, enrolCa: ca, enrolProfile: profile, enrolTokenFile: tokenFile, enrolledFile } = own;
  if (!url) return own;
  const told = new AbortController();
  const leave = (): void => {
    told.abort();
  };
  for (const signal of leaveSignals) process.on(signal, leave);
  const env = await enrol({ url, ca, profile, tokenFile, log }, told.signal).catch(() => process.exit(0));
  for (const signal of leaveSignals) process.off(signal, leave);
  const settings = readSettings(workerSettings, { ...process.env, ...env });
  if (settings.agentSocket !== own.agentSocket)
    throw new RemudaError(
      'config.invalid',
      `The pod's manifest has to set ${workerEnv.agentSocket} to ${settings.agentSocket ?? ''}, where its agent comes to.`,
    );
  await writeFile(enrolledFile, '');
  return settings;
}

/** Snapshots need a socket of the bridge: without one, or if they are off, a lost job runs its prompt again. */
function snapshotsOf(
  { snapshotEveryMs: everyMs }: Settings,
  address: BridgeAddress,
  place: CopyPlace,
  log: Logger,
): Snapshots | undefined {
  if (!('socket' in address) || everyMs === 0) return undefined;
  const path = join(dirname(address.socket), bridgeSockets.snapshot);
  return new Snapshots({ client: new SnapshotClient(path), place, everyMs, clock: systemClock, log });
}

function filesOf(address: BridgeAddress, place: CopyPlace): Files | undefined {
  if (!('socket' in address)) return undefined;
  return new Files(new SnapshotClient(join(dirname(address.socket), bridgeSockets.snapshot)), place);
}

function pushOf(address: BridgeAddress, at: GitFolder): Push | undefined {
  if (!('socket' in address)) return undefined;
  return new Push(new SnapshotClient(join(dirname(address.socket), bridgeSockets.snapshot)), at);
}

function egressOf(address: BridgeAddress, log: Logger): Egress | undefined {
  if (!('socket' in address)) return undefined;
  return new Egress({ socket: join(dirname(address.socket), bridgeSockets.egress), clock: systemClock, log });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const known = error instanceof RemudaError;
    console.error(known ? `worker: ${error.message}` : error);
    process.exit(!known ? 1 : error.code === 'engine.not_running' ? notRunningExit : configExit);
  },
);
