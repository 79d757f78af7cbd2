import type { ArchiveRules, Blobs, Clock } from '@remuda/domain';
import {
  AuditFeed,
  EndedJobs,
  RedisSnapshots,
  archiveLag,
  type ArchiveLag,
  type RedisConnection,
  type RedisKeys,
} from '@remuda/redis';
import { Store, type StoreParts } from '@remuda/store';
import type { ApiSettings } from '../settings.js';
import { AuditMover } from './audit-mover.js';
import { fileRemover } from './left-files.js';
import { Projector } from './projector.js';

/** The store, and who fills it. */
export interface History {
  readonly store: Store;
  /** What is not archived yet; rejects at once while Redis is away. */
  readonly lag: () => Promise<ArchiveLag>;
  readonly count: HistoryCount;
  close(): Promise<void>;
}

/** What was archived since the start. */
export interface HistoryCount {
  jobs: number;
  events: number;
  /** Requests of the audit log. */
  audit: number;
}

/** The settings of the history. */
export type HistorySettings = Pick<
  ApiSettings,
  'databaseUrl' | 'storeDir' | 'historyDays' | 'contentDays' | 'auditDays'
>;

/** Opens the store that the settings name, and fills it; undefined if they name none. */
export function openHistory(
  settings: HistorySettings,
  at: {
    /** Fails at once while Redis is away. */
    readonly redis: RedisConnection;
    /** Opens a connection that waits meanwhile. */
    readonly connect: () => RedisConnection;
    readonly keys: RedisKeys;
    readonly clock: Clock;
    readonly log: StoreParts['log'];
    /** The artifacts of jobs, if the api has a place for files. */
    readonly artifacts?: Blobs;
  },
): History | undefined {
  const { databaseUrl, storeDir, historyDays = {}, contentDays = {}, auditDays = {} } = settings;
  const { clock, log, artifacts } = at;
  if (databaseUrl === undefined && storeDir === undefined) return undefined;
  const place = databaseUrl === undefined ? { folder: storeDir ?? '' } : { url: databaseUrl };
  const store = new Store(place, { clock, log });
  const [reader, writer] = [at.connect(), at.connect()];
  const ends = new EndedJobs(reader, writer, at.keys);
  const count: HistoryCount = { jobs: 0, events: 0, audit: 0 };
  const rules: ArchiveRules = { jobMs: historyDays, contentMs: contentDays };
  const onArchived = (jobs: number, events: number): void => {
    count.jobs += jobs;
    count.events += events;
  };
  const onMoved = (entries: number): void => void (count.audit += entries);
  const audit = { mover: new AuditMover(new AuditFeed(writer, at.keys), log, onMoved), rules: auditDays };
  const removeFiles = artifacts && fileRemover(artifacts, new RedisSnapshots(writer, at.keys));
  const files = removeFiles ? { removeFiles } : {};
  const projector = new Projector({ ends, store, rules, audit, clock, log, onArchived, ...files });
  projector.start();
  return {
    ...{ store, count },
    lag: () => archiveLag(at.redis, at.keys, clock.now()),
    close: async () => {
      const stopped = projector.stop();
      // a read of theirs may be waiting for a Redis that is away
      reader.close();
      writer.close();
      // it may be waiting for the store to open
      await Promise.all([stopped, store.close()]);
    },
  };
}
