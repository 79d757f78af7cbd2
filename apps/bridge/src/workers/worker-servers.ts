import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import { bridgeShares, bridgeSockets, type BridgeListener } from '@remuda/protocol';
import { Listeners, listenOnSocket, makeOwnFolder, type ListenerKind } from '@remuda/runtime';
import { createEgressListener, type EgressListener } from '../egress/listener.js';
import { createGitListener, type GitListener } from '../git/listener.js';
import { createModelServer, type ModelListener } from '../model/listener.js';
import { createRedisListener } from '../redis/listener.js';
import type { RedisWhereabouts } from '../redis/whereabouts.js';
import { createSnapshotListener, type SnapshotListener } from '../snapshots/listener.js';
import { ownGrants } from './own-grants.js';
import { BytesUnderWay, holdToShare, type SharedServer } from './share.js';

/** Shared by the listeners of all workers. */
export interface WorkerServerParts {
  readonly model: ModelListener;
  readonly git: GitListener;
  readonly snapshots: SnapshotListener;
  readonly redis: RedisWhereabouts;
  readonly egress: EgressListener;
  /** Mode of the sockets that Claude Code must not use. */
  readonly workersOnly: number;
}

/** Limit on the bytes of model requests in flight, per worker: two of the largest. */
export const modelBytes = 128 * 1024 * 1024;

interface OwnServer {
  readonly shared: SharedServer;
  /** Mode of its socket. */
  readonly mode: number;
}

/**
 * A worker's own listeners, one instance each, for all ways to reach them. A token of another worker's job is not valid
 * at them. Each has a share of connections.
 */
export class WorkerServers {
  readonly #listeners = new Listeners();
  readonly #servers: Readonly<Record<BridgeListener, OwnServer>>;

  constructor(worker: string, { model, git, snapshots, redis, egress, workersOnly }: WorkerServerParts) {
    const grants = ownGrants(model.grants, worker);
    const underWay = new BytesUnderWay(modelBytes);
    const own = (name: BridgeListener, kind: ListenerKind, server: Server, mode: number): OwnServer => {
      this.#listeners.keep(kind, server);
      return { shared: holdToShare(server, { connections: bridgeShares[name] }), mode };
    };
    this.#servers = {
      redis: own('redis', 'lines', createRedisListener(redis, snapshots.metrics), workersOnly),
      git: own('git', 'answers', createGitListener({ ...git, grants }), 0o666),
      snapshot: own('snapshot', 'answers', createSnapshotListener({ ...snapshots, grants }), workersOnly),
      egress: own('egress', 'lines', createEgressListener({ ...egress, grants }), workersOnly),
      model: own('model', 'answers', createModelServer({ ...model, grants, underWay }), 0o666),
    };
  }

  /** Opens a socket for each in a folder, which is created if missing. Rejects with `config.invalid`. */
  async listenIn(folder: string): Promise<void> {
    makeOwnFolder(folder, 0o755);
    // The model's socket is last: when it exists, so do the others.
    for (const name of ['redis', 'git', 'snapshot', 'egress', 'model'] as const) {
      const { shared, mode } = this.#servers[name];
      await listenOnSocket(shared.server, join(folder, bridgeSockets[name]), mode);
    }
  }

  /** Whether the worker's share of a listener has room for another connection. */
  hasRoom(listener: BridgeListener): boolean {
    return this.#servers[listener].shared.hasRoom;
  }

  /** Serves a connection that arrived at another address. */
  take(listener: BridgeListener, socket: Socket): void {
    this.#servers[listener].shared.take(socket);
  }

  /** Accepts nothing new, waits up to `graceMs` for answers in flight, and cuts the rest. */
  close(graceMs: number): Promise<void> {
    return this.#listeners.close(graceMs);
  }
}
