import type { Duplex } from 'node:stream';
import { FrameReader } from '@remuda/channel';
import { RemudaError, type Clock } from '@remuda/domain';
import { hostBridgeLimits, readHostClientMessage, type HostClientMessage, type HostRun } from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';
import type { Client } from '../clients/client.js';
import { exitFor } from './exit-codes.js';
import { Outlet } from './outlet.js';
import type { Run } from './run.js';

/** What a connection needs from the bridge. */
export interface ConnectionParts {
  /** Who is at the other end, where the socket or the certificate says so. */
  readonly client?: Client;
  /** The client with a token. */
  readonly findByToken: (token: string) => Client | undefined;
  /** Checks a run and takes its turn, or throws the refusal. */
  readonly admit: (client: Client, run: HostRun, outlet: Outlet) => Run;
  /** Lives the run to its end. */
  readonly live: (client: Client, run: Run) => Promise<{ readonly code: number } | { readonly cut: string }>;
  readonly onRefused: (client: Client | undefined, error: RemudaError) => void;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long a connection may be without a first run, in ms. */
  readonly firstRunMs: number;
  /** How long a client may leave output unread, in ms. */
  readonly stalledMs: number;
}

/** How often a connection is looked at, in ms. */
const checkEveryMs = 1_000;

/** One connection of a client: checks what arrives and carries one run at a time. */
export class Connection {
  readonly #outlet: Outlet;
  readonly #frames = new FrameReader(hostBridgeLimits.messageBytes);
  #client: Client | undefined;
  #run: Run | undefined;
  #runs = 0;
  readonly #openedAt: number;
  #beatAt: number;
  #heardAt: number;
  #readAt: number;
  readonly #beat: NodeJS.Timeout;

  constructor(
    private readonly socket: Duplex,
    private readonly parts: ConnectionParts,
  ) {
    this.#outlet = new Outlet(socket);
    this.#client = parts.client;
    this.#openedAt = this.#beatAt = this.#heardAt = this.#readAt = parts.clock.monotonic();
    this.#beat = setInterval(() => this.#check(), checkEveryMs);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', () => undefined);
    socket.once('close', () => this.close('left'));
  }

  /** Ends the connection and its run. Safe to call twice. */
  close(reason: string): void {
    clearInterval(this.#beat);
    this.#run?.cut(reason);
    this.socket.destroy();
  }

  /** Tells the client why nothing more comes, and ends the connection. */
  refuse(error: RemudaError): void {
    this.parts.onRefused(this.#client, error);
    this.#run?.cut(error.code);
    this.#tell(error);
    clearInterval(this.#beat);
    // What still arrives is not read; who does not take the answer is cut.
    this.socket.removeAllListeners('data').resume();
    this.socket.end();
    setTimeout(() => this.socket.destroy(), 1_000).unref();
  }

  #tell(error: RemudaError): void {
    this.#outlet.send({ type: 'error', code: error.code, message: error.message, exit: exitFor(error.code) });
  }

  #take(chunk: Buffer): void {
    this.#heardAt = this.parts.clock.monotonic();
    try {
      for (const arrived of this.#frames.read(chunk)) {
        if (arrived.kind === 'invalid')
          throw new RemudaError('host_bridge.malformed', `No message: ${arrived.reason}.`);
        const message = readHostClientMessage(arrived.value);
        if ('fault' in message) throw new RemudaError('host_bridge.malformed', `No message: ${message.fault}.`);
        this.#handle(message);
      }
      if (this.#frames.bytesUnderWay > hostBridgeLimits.messageBytes)
        throw new RemudaError('host_bridge.malformed', 'No message: it is too large.');
    } catch (error) {
      this.refuse(error instanceof RemudaError ? error : this.#internal(error));
    }
  }

  #internal(err: unknown): RemudaError {
    this.parts.log.error({ err }, 'a message could not be handled');
    return new RemudaError('internal', 'The bridge has failed.');
  }

  #handle(message: HostClientMessage): void {
    if (message.type === 'heartbeat') return;
    if (message.type === 'run') {
      this.#begin(message);
      return;
    }
    const run = this.#run;
    // A run may have ended while this was on its way.
    if (!run && this.#runs > 0) return;
    if (!run) throw new RemudaError('host_bridge.malformed', `There is no run that ${message.type} could be for.`);
    switch (message.type) {
      case 'stdin':
        run.stdin(message.data);
        break;
      case 'stdin_end':
        run.endStdin();
        break;
      case 'signal':
        run.signal(message.signal);
        break;
      case 'window':
        run.resize(message);
        break;
    }
  }

  #begin(asked: HostRun): void {
    if (this.#run) throw new RemudaError('host_bridge.malformed', 'A connection carries one run at a time.');
    const client = this.#identify(asked);
    const run = this.parts.admit(client, asked, this.#outlet);
    this.#run = run;
    this.#runs += 1;
    void this.parts.live(client, run).then(
      (end) => {
        this.#run = undefined;
        if ('code' in end) this.#outlet.send({ type: 'exit', code: end.code });
        else if (end.cut === 'signalled') this.#outlet.send({ type: 'exit', code: 130 });
      },
      (error: unknown) => {
        this.#run = undefined;
        this.refuse(error instanceof RemudaError ? error : this.#internal(error));
      },
    );
  }

  /** A token is asked for where nothing else tells the client; one that says somebody else is refused. */
  #identify({ token }: HostRun): Client {
    const named = token === undefined ? undefined : this.parts.findByToken(token);
    const client = this.#client ?? named;
    if (!client || (token !== undefined && named !== client))
      throw new RemudaError(
        'host_bridge.unidentified',
        token === undefined ? 'This socket needs a token: set CLAUDE_BRIDGE_TOKEN.' : 'No client has this token.',
      );
    this.#client = client;
    return client;
  }

  /** Heartbeats, and what becomes of somebody who is silent, does nothing, or does not read. */
  #check(): void {
    const now = this.parts.clock.monotonic();
    if (!this.#outlet.full) this.#readAt = now;
    const unknown = this.#runs === 0 && this.parts.client === undefined;
    if (now - this.#heardAt > hostBridgeLimits.silenceMs) this.close('silent');
    else if (unknown && now - this.#openedAt > this.parts.firstRunMs) this.close('idle');
    else if (now - this.#readAt > this.parts.stalledMs)
      this.refuse(new RemudaError('host_bridge.stalled', 'Output was not read for too long.'));
    else this.#sendBeat(now);
  }

  #sendBeat(now: number): void {
    if (this.#outlet.full || now - this.#beatAt < hostBridgeLimits.heartbeatEveryMs) return;
    this.#beatAt = now;
    this.#outlet.send({ type: 'heartbeat' });
  }
}
