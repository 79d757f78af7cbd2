import { join } from 'node:path';
import type { Clock } from '@remuda/domain';
import { createDirectServer, openUpstream } from '@remuda/model';
import { makeOwnFolder, type Logger } from '@remuda/runtime';
import { AuditLog } from './audit/audit-log.js';
import { ClientDesk } from './client-desk.js';
import type { HostEnvironment } from './environment.js';
import { createHostBridgeMetrics, type HostBridgeMetrics } from './metrics.js';
import { openHome } from './program/home.js';
import { MemoryGroups } from './program/memory-groups.js';
import { Starter } from './program/starter.js';
import { Turns } from './turns/turns.js';

/** Parts of a host bridge, in addition to its environment. */
export interface HostBridgeParts {
  readonly clock: Clock;
  readonly log: Logger;
}

/** What carries out runs, without the listeners by which they come. */
export interface BridgeCore {
  readonly desk: ClientDesk;
  readonly turns: Turns;
  readonly metrics: HostBridgeMetrics;
  readonly audit: AuditLog;
  /** Answers the model requests of runs, at `modelSocket`. */
  readonly model: ReturnType<typeof createDirectServer>;
  readonly modelSocket: string;
  /** No run may be under way. */
  close(): void;
}

/** Opens the audit log, the clients' homes and the way to the model. */
export function openCore(environment: HostEnvironment, { clock, log }: HostBridgeParts): BridgeCore {
  const { settings, clients, credential } = environment;
  const { stateDir, auditMaxMb, auditKeep } = settings;
  makeOwnFolder(stateDir, 0o700);
  const path = join(stateDir, 'audit.jsonl');
  const audit = new AuditLog({ path, maxBytes: auditMaxMb * 1024 * 1024, keep: auditKeep }, clock);
  const turns = new Turns({ running: settings.running, waiting: settings.waiting }, clock);
  const metrics = createHostBridgeMetrics(turns);
  const upstream = openUpstream(settings.modelUrl, credential, settings.connectTimeoutMs);
  const tokens = new Set<string>();
  const modelSocket = join(stateDir, 'model.sock');
  const homes = new Map(
    clients.map((client) => [client.name, openHome(join(stateDir, 'clients', client.name), client)] as const),
  );
  const memory = MemoryGroups.find();
  if (!memory) log.warn('the memory of runs is not limited: this process may make no control groups');
  const starter = new Starter({ environment, modelSocket, homes, memory });
  const sandboxed = environment.bwrap !== undefined;
  return {
    desk: new ClientDesk({ sandboxed, turns, audit, metrics, starter, tokens, clock, log }),
    ...{ turns, metrics, audit, modelSocket },
    model: createDirectServer({
      upstream,
      admits: (token) => token !== undefined && tokens.has(token),
      onFault: (fault) => log.warn({ fault }, 'the model did not answer'),
    }),
    close: () => {
      upstream.close();
      memory?.close();
      metrics.registry.clear();
      audit.close();
    },
  };
}
