import type { Socket } from 'node:net';
import { RemudaError, type Clock } from '@remuda/domain';
import type { Logger } from '@remuda/runtime';
import type { ClientDesk } from './client-desk.js';
import type { Client } from './clients/client.js';
import { Connection, type ConnectionParts } from './connection/connection.js';
import type { HostEnvironment } from './environment.js';

/** How long a connection may take until it asks for its first run, in ms. */
const firstRunMs = 10_000;

/** What connections are served with. */
export interface ConnectionsPlace {
  readonly environment: HostEnvironment;
  readonly desk: ClientDesk;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The open connections of all clients. */
export class Connections {
  readonly #open = new Set<Connection>();
  readonly #parts: Omit<ConnectionParts, 'client'>;

  constructor(private readonly place: ConnectionsPlace) {
    const { environment, desk, clock, log } = place;
    this.#parts = {
      findByToken: (token) => environment.findByToken(token),
      admit: (client, run, outlet) => desk.admit(client, run, outlet),
      live: (client, run) => desk.live(client, run),
      onRefused: (client, error) => desk.refused(client, error),
      ...{ firstRunMs, stalledMs: environment.settings.stalledMs, clock, log },
    };
  }

  /** Serves a connection until it is closed; without a client, its token has to tell. */
  serve(socket: Socket, client?: Client): void {
    const { desk } = this.place;
    const connection: Connection = new Connection(socket, { ...this.#parts, ...(client ? { client } : {}) });
    this.#open.add(connection);
    const counted = desk.connected(client);
    socket.once('close', () => {
      this.#open.delete(connection);
      counted();
    });
    if (!desk.hasRoom(client)) connection.refuse(new RemudaError('host_bridge.busy', 'Too many connections.'));
  }

  /** Ends all, with their runs. */
  close(): void {
    for (const connection of this.#open) connection.close('stopping');
  }
}
