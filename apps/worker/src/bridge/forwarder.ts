import { once } from 'node:events';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { RemudaError } from '@remuda/domain';
import { bridgeRefusal, bridgeShares, bridgeSockets, errorPacket, type BridgeListener } from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';
import { BridgeDialer, type BridgePlace } from './dial.js';
import { joinLines } from './join-lines.js';

/** Dependencies of forwarding to a bridge. */
export interface ForwarderParts {
  readonly place: BridgePlace;
  /** Folder of the sockets; created if missing. */
  readonly folder: string;
  readonly log: Logger;
}

/** The sockets and their modes: Claude Code's user can use only two of them. Redis is reached without the bridge. */
const modes = { git: 0o666, snapshot: 0o600, egress: 0o600, model: 0o666 } as const satisfies Partial<
  Record<BridgeListener, number>
>;

/**
 * Creates the bridge's sockets locally: to a client they are the same as those that the bridge creates for a container.
 * Each connection is forwarded over the network on a connection of its own. If that fails it is closed at once, as if
 * the bridge were down.
 */
export class BridgeForwarder {
  readonly #servers: Server[] = [];
  readonly #lines = new Set<Socket>();
  readonly #dialer: BridgeDialer;
  #away = false;

  constructor(private readonly parts: ForwarderParts) {
    this.#dialer = new BridgeDialer(parts.place);
  }

  /** Rejects with `config.invalid` if the sockets cannot be created. */
  async open(): Promise<void> {
    const { folder } = this.parts;
    try {
      await mkdir(folder, { recursive: true, mode: 0o755 });
      for (const [listener, mode] of Object.entries(modes)) await this.#listen(listener as keyof typeof modes, mode);
    } catch (cause) {
      const said = cause instanceof Error ? cause.message : String(cause);
      throw new RemudaError('config.invalid', `The bridge's sockets cannot be created in ${folder}: ${said}`, {
        cause,
      });
    }
  }

  /** Accepts nothing new, and cuts open connections. */
  close(): void {
    for (const server of this.#servers) server.close();
    for (const near of this.#lines) near.destroy();
  }

  async #listen(listener: keyof typeof modes, mode: number): Promise<void> {
    const path = join(this.parts.folder, bridgeSockets[listener]);
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (near) => {
      void this.#forward(near, listener);
    });
    // The bridge accepts no more: a connection that it would refuse is not opened.
    server.maxConnections = bridgeShares[listener];
    // Left by an earlier run.
    await rm(path, { force: true });
    await once(server.listen(path), 'listening');
    this.#servers.push(server);
    await chmod(path, mode);
  }

  async #forward(near: Socket, listener: BridgeListener): Promise<void> {
    const gone = new AbortController();
    this.#lines.add(near);
    near
      .on('error', () => near.destroy())
      .once('close', () => {
        this.#lines.delete(near);
        gone.abort();
      });
    try {
      const far = await this.#dialer.dial(listener, gone.signal);
      this.#note(undefined);
      joinLines(near, far);
    } catch (error) {
      if (!gone.signal.aborted) this.#note(error);
      turnAway(near, listener);
    }
  }

  /** Reported once, and again when it is over. */
  #note(err: unknown): void {
    const away = err !== undefined;
    if (away === this.#away) return;
    this.#away = away;
    if (away) this.parts.log.warn({ err, bridge: this.parts.place.url.origin }, 'the bridge cannot be reached');
    else this.parts.log.info({}, 'the bridge can be reached again');
  }
}

/** Git gets a reason that marks a transient fault; HTTP clients understand a closed connection. */
function turnAway(near: Socket, listener: BridgeListener): void {
  if (listener !== 'git') {
    near.destroy();
    return;
  }
  near.resume().write(errorPacket(`remuda: ${bridgeRefusal.git}: the bridge cannot be reached.`));
  near.destroySoon();
}
