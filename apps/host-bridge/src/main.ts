import type { HostBridgeRecord } from '@remuda/domain';
import { connectRedis, RedisHostBridges, redisKeys } from '@remuda/redis';
import { closeOnSignal, createLogger, exitOnStartFault, systemClock, type Logger } from '@remuda/runtime';
import { readEnvironment, readForwarding, type HostEnvironment } from './environment.js';
import { closeGraceMs, startHostBridge, type HostBridge } from './host-bridge.js';
import { versionOf } from './program/version.js';
import { keepReported } from './report.js';
import { startForward } from './tcp/forward.js';

async function main(): Promise<void> {
  const forwarding = readForwarding(process.env);
  if (forwarding) {
    const log = createLogger({ name: 'host-bridge', level: forwarding.logLevel });
    const { close } = await startForward({ ...forwarding, clock: systemClock, log });
    closeOnSignal({ logger: log, close });
    log.info({ socket: forwarding.socket, to: forwarding.to }, 'ready');
    return;
  }
  const environment = readEnvironment(process.env);
  const log = createLogger({ name: 'host-bridge', level: environment.settings.logLevel });
  if (environment.bwrap === undefined)
    log.warn(
      { user: process.getuid?.() },
      'NO SANDBOX: Claude Code runs as this user and can read everything that this user can, the model credential included',
    );
  const bridge = await startHostBridge(environment, { clock: systemClock, log });
  const reporting = await startReporting(environment, bridge, log);
  const close = async (): Promise<void> => {
    await bridge.close();
    await reporting?.();
  };
  closeOnSignal({ logger: log, close, graceMs: closeGraceMs + 5_000 });
  log.info(
    { adminUrl: bridge.adminUrl, tcp: bridge.tcp, claude: environment.claude, credential: environment.credential.kind },
    'ready',
  );
}

/** Reports to Redis, where one is named; resolves with what ends that. */
async function startReporting(
  { settings, claude }: HostEnvironment,
  bridge: HostBridge,
  log: Logger,
): Promise<(() => Promise<void>) | undefined> {
  const { redisUrl, namespace, name } = settings;
  if (redisUrl === undefined) return undefined;
  const connection = connectRedis(redisUrl, { name: 'remuda-host-bridge', whileDown: 'fail', log });
  const to = new RedisHostBridges(connection, redisKeys(namespace));
  const version = await versionOf(claude);
  const since = systemClock.now();
  const now = (): HostBridgeRecord => {
    const { running, waiting, healthy, connected } = bridge.state();
    return { name, version, since, running, waiting, healthy, clients: connected };
  };
  const ending = new AbortController();
  const reported = keepReported({ to, now, clock: systemClock, log }, ending.signal);
  return async () => {
    ending.abort();
    await reported;
    connection.close();
  };
}

main().catch((error: unknown) => exitOnStartFault('host-bridge', error));
