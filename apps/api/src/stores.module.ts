import { Global, Inject, Injectable, Module } from '@nestjs/common';
import type { DynamicModule, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { BullModule } from '@nestjs/bullmq';
import type { AuditLog, Clock, DeadLetters, EventLog, JobStore, TurnLog } from '@remuda/domain';
import {
  Queues,
  RedisApiKeys,
  RedisAuditLog,
  RedisClock,
  RedisDeadLetters,
  RedisEventLog,
  RedisHostBridges,
  RedisJobStore,
  RedisPoolStore,
  RedisPoolControls,
  RedisRevocations,
  RedisSessionStore,
  RedisTenantStore,
  RedisTickets,
  RedisTurnLog,
  RedisWebhooks,
  RedisWorkerScreens,
  bullOptions,
  checkFormat,
  connectRedis,
  redisKeys,
  type RedisConnection as Connection,
  type RedisKeys,
} from '@remuda/redis';
import { SecretBox, exitOnStartFault, systemClock, type Logger } from '@remuda/runtime';
import type { ArtifactRoom } from './artifacts/artifacts.js';
import { DeadLettersWithHistory } from './history/dead-letters-with-history.js';
import { EventsWithHistory } from './history/events-with-history.js';
import { AuditWithHistory } from './history/audit-with-history.js';
import { openHistory, type History, type HistorySettings } from './history/history.js';
import { JobsWithHistory } from './history/jobs-with-history.js';
import { TurnsWithHistory } from './history/turns-with-history.js';
import type { ApiSettings } from './settings.js';
import type { ApiConfig } from './stores.js';
import {
  apiConfig,
  apiKeys,
  artifactRoom,
  auditLog,
  clock,
  deadLetters,
  eventLog,
  history,
  hostBridges,
  jobStore,
  poolStore,
  poolControls,
  queues,
  redisIsUp,
  redisPing,
  revocations,
  sessionStore,
  tenantStore,
  tickets,
  turnLog,
  webhooks,
  workerScreens,
} from './stores.js';

const redis = Symbol('Redis');
const redisNames = Symbol('RedisKeys');
/** What Redis has of these, without the history. */
const [recentJobs, recentDead, recentEvents] = [Symbol('RecentJobs'), Symbol('RecentDead'), Symbol('RecentEvents')];
const [recentTurns, recentAudit] = [Symbol('RecentTurns'), Symbol('RecentAudit')];

/** How long the start waits for Redis, in ms; then the api starts anyway, and answers 503 until Redis is available. */
const firstAnswerMs = 2_000;

/**
 * Waits for Redis before the first request, checks the format of its keys, and closes the connection after everything
 * else.
 */
@Injectable()
class StoresScope implements OnModuleInit, OnApplicationShutdown {
  private unmeasure: () => void = () => undefined;

  constructor(
    @Inject(redis) private readonly connection: Connection,
    @Inject(clock) private readonly time: RedisClock,
    @Inject(redisNames) private readonly keys: RedisKeys,
    @Inject(recentJobs) private readonly jobs: RedisJobStore,
    @Inject(recentDead) private readonly dead: RedisDeadLetters,
    @Inject(recentEvents) private readonly events: RedisEventLog,
    @Inject(recentTurns) private readonly turns: RedisTurnLog,
    @Inject(poolStore) private readonly pools: RedisPoolStore,
    @Inject(queues) private readonly openQueues: Queues,
    @Inject(webhooks) private readonly hooks: RedisWebhooks,
    @Inject(revocations) private readonly news: RedisRevocations,
    @Inject(history) private readonly kept: History | undefined,
  ) {}

  async onModuleInit(): Promise<void> {
    const onRefused = (error: unknown): never => exitOnStartFault('api', error);
    await checkFormat(this.connection, this.keys, { patienceMs: firstAnswerMs, onRefused });
    await this.time.settled();
    this.unmeasure = this.time.keepMeasured();
  }

  async onApplicationShutdown(): Promise<void> {
    this.unmeasure();
    await this.kept?.close();
    await Promise.all([
      this.jobs.close(),
      this.dead.close(),
      this.events.close(),
      this.turns.close(),
      this.pools.close(),
      this.openQueues.close(),
      this.hooks.close(),
    ]);
    this.news.close();
    this.connection.close();
    this.openQueues.connection.close();
  }
}

/** What clients see of jobs: what Redis has, and what only the archive still has if there is one. */
const withHistory = [
  {
    provide: jobStore,
    inject: [recentJobs, history],
    useFactory: (recent: JobStore, kept?: History): JobStore =>
      kept ? new JobsWithHistory(recent, kept.store.archive) : recent,
  },
  {
    provide: eventLog,
    inject: [recentEvents, recentJobs, history],
    useFactory: (recent: EventLog, jobs: JobStore, kept?: History): EventLog =>
      kept ? new EventsWithHistory(recent, jobs, kept.store.archive) : recent,
  },
  {
    provide: turnLog,
    inject: [recentTurns, history],
    useFactory: (recent: TurnLog, kept?: History): TurnLog =>
      kept ? new TurnsWithHistory(recent, kept.store.archive) : recent,
  },
  {
    provide: auditLog,
    inject: [recentAudit, history],
    useFactory: (recent: AuditLog, kept?: History): AuditLog =>
      kept ? new AuditWithHistory(recent, kept.store.audit) : recent,
  },
  {
    provide: deadLetters,
    inject: [recentDead, recentJobs, history],
    useFactory: (recent: DeadLetters, jobs: JobStore, kept?: History): DeadLetters =>
      kept ? new DeadLettersWithHistory(recent, jobs, kept.store.archive) : recent,
  },
];

/**
 * The domain's ports, implemented on Redis, whose clock they use for stored times. Requests fail at once during an
 * outage; streams wait for it.
 */
@Global()
@Module({})
export class StoresModule {
  static register(
    settings: Pick<ApiSettings, 'redisUrl' | 'namespace' | 'secretKeys'> & HistorySettings,
    config: ApiConfig,
    log: Logger,
  ): DynamicModule {
    const { redisUrl, namespace } = settings;
    const keys = redisKeys(namespace);
    const seal = settings.secretKeys && new SecretBox(settings.secretKeys);
    const follow = (): Connection => connectRedis(redisUrl, { name: 'remuda-api-events', log });
    const hear = (): Connection => connectRedis(redisUrl, { name: 'remuda-api-revocations', log });
    const forArchive = (): Connection => connectRedis(redisUrl, { name: 'remuda-api-archive', log });
    // Waits for Redis, unlike the connection of requests: a queue that was opened during an outage works afterwards.
    const forQueues = connectRedis(redisUrl, { name: 'remuda-api-queues', log });
    return {
      module: StoresModule,
      imports: [BullModule.forRoot(bullOptions(forQueues, keys))],
      providers: [
        { provide: clock, inject: [redis], useFactory: (to: Connection) => new RedisClock(to, systemClock) },
        { provide: redisNames, useValue: keys },
        { provide: apiConfig, useValue: config },
        { provide: redis, useFactory: () => connectRedis(redisUrl, { name: 'remuda-api', whileDown: 'fail', log }) },
        {
          provide: recentJobs,
          inject: [redis, clock],
          useFactory: (to: Connection, time: Clock) => new RedisJobStore(to, keys, time, undefined, seal),
        },
        {
          provide: recentDead,
          inject: [redis, clock],
          useFactory: (to: Connection, time: Clock) => new RedisDeadLetters(to, keys, time),
        },
        { provide: recentEvents, inject: [clock], useFactory: (time: Clock) => new RedisEventLog(follow, keys, time) },
        { provide: recentTurns, useFactory: () => new RedisTurnLog(follow, keys) },
        {
          provide: history,
          inject: [redis, clock, artifactRoom],
          useFactory: (to: Connection, time: Clock, { blobs }: ArtifactRoom) =>
            openHistory(settings, {
              redis: to,
              connect: forArchive,
              keys,
              clock: time,
              log,
              ...(blobs && { artifacts: blobs }),
            }),
        },
        ...withHistory,
        {
          provide: sessionStore,
          inject: [redis, clock],
          useFactory: (to: Connection, time: Clock) => new RedisSessionStore(to, keys, time),
        },
        { provide: hostBridges, inject: [redis], useFactory: (to: Connection) => new RedisHostBridges(to, keys) },
        { provide: poolStore, inject: [redis], useFactory: (to: Connection) => new RedisPoolStore(to, keys) },
        {
          provide: tenantStore,
          inject: [redis, clock],
          useFactory: (to: Connection, time: Clock) => new RedisTenantStore(to, keys, time),
        },
        {
          provide: poolControls,
          inject: [redis, clock],
          useFactory: (to: Connection, time: Clock) => new RedisPoolControls(to, keys, time),
        },
        { provide: apiKeys, inject: [redis], useFactory: (to: Connection) => new RedisApiKeys(to, keys) },
        { provide: revocations, useFactory: () => new RedisRevocations(hear(), keys) },
        { provide: tickets, inject: [redis], useFactory: (to: Connection) => new RedisTickets(to, keys) },
        { provide: recentAudit, inject: [redis], useFactory: (to: Connection) => new RedisAuditLog(to, keys) },
        { provide: workerScreens, inject: [redis], useFactory: (to: Connection) => new RedisWorkerScreens(to, keys) },
        { provide: webhooks, useFactory: () => new RedisWebhooks(forQueues, keys) },
        { provide: queues, useFactory: () => new Queues(forQueues, keys) },
        { provide: redisIsUp, inject: [redis], useFactory: (to: Connection) => () => to.isUp },
        { provide: redisPing, inject: [redis], useFactory: (to: Connection) => () => to.ping() },
        StoresScope,
      ],
      exports: [
        clock,
        apiConfig,
        apiKeys,
        revocations,
        tickets,
        auditLog,
        jobStore,
        deadLetters,
        eventLog,
        history,
        hostBridges,
        poolStore,
        poolControls,
        queues,
        redisIsUp,
        redisPing,
        sessionStore,
        tenantStore,
        turnLog,
        webhooks,
        workerScreens,
      ],
    };
  }
}
