import { once } from 'node:events';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { RemudaError } from '@remuda/domain';
import { bridgeRefusal, bridgeShares, bridgeSockets, errorPacket, type BridgeListener } from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';
import { BridgeDialer, type BridgePlace } from './dial.js';

/** What forwarding to a bridge takes. */
export interface ForwarderParts {
  readonly place: BridgePlace;
  /** Folder of the sockets; it is made where it is missing. */
  readonly folder: string;
  readonly log: Logger;
}

/** The sockets, with their modes: Claude Code's user reaches the first two only. Redis is reached without the bridge. */
const modes = { git: 0o666, snapshot: 0o600, model: 0o666 } as const satisfies Partial<Record<BridgeListener, number>>;

/**
 * Makes the bridge's sockets where there are none: for whoever connects to them they are what the bridge makes for a container. Each
 * connection goes on over the network by one of its own. One that can't is closed at once, as by a bridge that is away.
 */
export class BridgeForwarder {
  readonly #servers: Server[] = [];
  readonly #lines = new Set<Socket>();
  readonly #dialer: BridgeDialer;
  #away = false;

  constructor(private readonly parts: ForwarderParts) {
    this.#dialer = new BridgeDialer(parts.place);
  }

  /** Rejects with `config.invalid` where the sockets can't be made. */
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

  /** Takes nothing new, and cuts what is under way. */
  close(): void {
    for (const server of this.#servers) server.close();
    for (const near of this.#lines) near.destroy();
  }

  async #listen(listener: keyof typeof modes, mode: number): Promise<void> {
    const path = join(this.parts.folder, bridgeSockets[listener]);
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (near) => {
      void this.#forward(near, listener);
    });
    // The bridge has no more for us: what it would refuse does not cost it a connection.
    server.maxConnections = bridgeShares[listener];
    // What an earlier run left.
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

  /** Told of once, and when it is over. */
  #note(err: unknown): void {
    const away = err !== undefined;
    if (away === this.#away) return;
    this.#away = away;
    if (away) this.parts.log.warn({ err, bridge: this.parts.place.url.origin }, 'the bridge cannot be reached');
    else this.parts.log.info({}, 'the bridge can be reached again');
  }
}

/** Git is told why, in a way that says that it may go well another time; HTTP clients know what a closed connection means. */
function turnAway(near: Socket, listener: BridgeListener): void {
  if (listener !== 'git') {
    near.destroy();
    return;
  }
  near.resume().write(errorPacket(`remuda: ${bridgeRefusal.git}: the bridge cannot be reached.`));
  near.destroySoon();
}

/** Bytes pass both ways as they come, each way until its end; when one side is gone the other goes, with what was said to it. */
function joinLines(near: Socket, far: Socket): void {
  near.pipe(far).pipe(near);
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    one.on('error', () => other.destroy());
    one.once('close', () => {
      other.destroySoon();
    });
  }
  if (near.destroyed) far.destroy();
}
