import {
  checkFormat,
  connectRedis,
  RedisBudgets,
  RedisClock,
  RedisWorkerListeners,
  RedisGrants,
  RedisModelCounts,
  RedisPushedCommits,
  RedisSnapshots,
  RedisWebhooks,
  WebhookConsumer,
  WebhookOutbox,
  redisKeys,
} from '@remuda/redis';
import {
  closeOnSignal,
  createLogger,
  EnvironmentVault,
  exitOnStartFault,
  FolderVault,
  systemClock,
  Vaults,
} from '@remuda/runtime';
import { startDelivering, type DeliveryParts } from './webhooks/deliver.js';
import { closeGraceMs, startBridge } from './bridge.js';
import { whereabouts } from './redis/whereabouts.js';
import { readEnvironment } from './environment.js';
import { warmUp } from './model/warm-up.js';

/** How long the start waits for Redis, in ms; then the bridge starts anyway. */
const patienceMs = 2_000;

async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  const { settings } = environment;
  const log = createLogger({ name: 'bridge', level: settings.logLevel });
  const keys = redisKeys(settings.namespace);
  // A request for a grant can be retried; a usage count cannot.
  const asked = connectRedis(settings.redisUrl, { name: 'remuda-bridge', whileDown: 'fail', log });
  const written = connectRedis(settings.redisUrl, { name: 'remuda-bridge-counts', log });
  await checkFormat(written, keys, { patienceMs, onRefused: (error) => exitOnStartFault('bridge', error) });
  const folders = settings.secretsDir === undefined ? [] : [new FolderVault(settings.secretsDir)];
  const vault = new Vaults([...folders, new EnvironmentVault(process.env)]);
  const sharedClock = new RedisClock(asked, systemClock);
  const parts = {
    grants: new RedisGrants(asked, keys),
    budgets: new RedisBudgets(asked, written, keys),
    counts: new RedisModelCounts(written, keys),
    redis: whereabouts(settings.redisUrl, asked),
    snapshots: new RedisSnapshots(asked, keys),
    pushed: new RedisPushedCommits(asked, keys),
    workers: new RedisWorkerListeners(asked, keys, () =>
      connectRedis(settings.redisUrl, { name: 'remuda-bridge-listeners' }),
    ),
    clock: systemClock,
    sharedClock,
    vault,
    log,
  };
  const queue = new RedisWebhooks(written, keys);
  const ends = connectRedis(settings.redisUrl, { name: 'remuda-bridge-webhooks', log });
  const delivery: Omit<DeliveryParts, 'metrics' | 'resolve'> = {
    outbox: new WebhookOutbox(ends, written, keys),
    queue,
    consume: (how) =>
      new WebhookConsumer({ ...how, connection: written, keys, now: () => sharedClock.now(), concurrency: 20 }),
    vault,
    hosts: settings.webhookHosts,
    clock: systemClock,
    log,
  };
  await warmUp(systemClock).catch((err: unknown) => {
    log.warn({ err }, 'warm-up failed: the first requests may take a little longer');
  });
  const bridge = await startBridge(environment, {
    ...parts,
    webhooks: (opened) => startDelivering({ ...delivery, ...opened }),
  });
  const unmeasure = sharedClock.keepMeasured();
  const close = async (): Promise<void> => {
    await bridge.close();
    unmeasure();
    await queue.close();
    ends.close();
    asked.close();
    written.close();
  };
  closeOnSignal({ logger: log, close, graceMs: closeGraceMs + 2_000 });
  log.info(
    { ...bridge.addresses, credential: environment.credential.kind, upstream: settings.modelUrl.origin },
    'ready',
  );
}

main().catch((error: unknown) => exitOnStartFault('bridge', error));
