import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { readSettings, type SecretDesk, type SettingsOf } from '@remuda/domain';
import { connectRedis, retentionOf } from '@remuda/redis';
import {
  EnvironmentVault,
  FolderVault,
  SecretBox,
  Vaults,
  admitSources,
  createLogger,
  openDesk,
  runApp,
  systemClock,
} from '@remuda/runtime';
import { enrolPlace } from './enrol/enrol-place.js';
import { requireFirstDatabase } from './workers/access/account-database.js';
import { loadProfiles } from './profiles/profiles-file.js';
import { loadTenants } from './tenants/tenants-file.js';
import { makeRuntime } from './runtimes.js';
import { networkBridge } from './workers/access/network-bridge.js';
import { AppModule } from './scheduler.module.js';
import { schedulerSettings } from './settings.js';

void runApp('scheduler', async () => {
  const settings = readSettings(schedulerSettings, process.env);
  const { redisUrl, namespace, logLevel, warm, max, drainMs, snapshotEveryMs } = settings;
  requireFirstDatabase(settings.acl, redisUrl);
  const id = `s-${randomBytes(4).toString('hex')}`;
  const logger = createLogger({ name: 'scheduler', level: logLevel }).child({ scheduler: id });
  const profiles = await loadProfiles(settings.profiles, { image: settings.workerImage, warm, max });
  const enrol = enrolPlace(settings, profiles);
  const runtime = makeRuntime(settings, profiles, process.env, logger);
  const bridge = networkBridge(settings, runtime);
  const module = AppModule.register({
    id,
    connect: (name) => connectRedis(redisUrl, { name, log: logger }),
    namespace,
    profiles,
    tenants: await loadTenants(settings.tenants),
    runtime,
    surroundings: {
      ...{ reachesRedis: runtime.reachesRedis, namespace, redisUrl, socketDir: runtime.workerSocketDir },
      bridgeDir: settings.socketDir,
      ...{ logLevel, drainMs, snapshotEveryMs },
      ...(bridge ? { bridge } : {}),
    },
    ...(bridge ? {} : { bridgeSocketDir: settings.socketDir }),
    ...(enrol ? { enrol } : {}),
    suspendAfter: settings.suspendAfter,
    sessionKeepMs: settings.sessionKeepMs,
    sessionDays: settings.sessionDays,
    acl: settings.acl === 'on',
    secrets: deskOf(settings),
    workersOnExit: settings.workersOnExit,
    retention: retentionOf({
      ...{ days: settings.retentionDays, megabytes: settings.retentionMb },
      ...{ recentMinutes: settings.recentMinutes, recentMegabytes: settings.recentMb },
    }),
    clock: systemClock,
    log: logger,
  });
  const admission = admitSources({ hosts: settings.hosts, origins: [] });
  return { module, logger, host: settings.host, port: settings.port, admission, graceMs: 30_000 };
});

/** Named secrets come from files first, then from the environment; given ones can be read with the cluster's key. */
function deskOf({ secretKeys, secretsDir }: SettingsOf<typeof schedulerSettings>): SecretDesk {
  const folders = secretsDir === undefined ? [] : [new FolderVault(secretsDir)];
  return openDesk({
    seal: secretKeys && new SecretBox(secretKeys),
    vault: new Vaults([...folders, new EnvironmentVault(process.env)]),
  });
}
