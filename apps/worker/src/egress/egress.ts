import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Clock } from '@remuda/domain';
import { readEgressLine, writeEgressHello, type EgressRefused } from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';
import { joinLines } from '../bridge/join-lines.js';
import type { EgressKeeper, OpenEgress } from '../keepers.port.js';

/** Pause before the bridge is asked again for the refusals, in ms. */
const againMs = 500;
/** How long the last refusals may take to arrive, in ms. */
const lastMs = 1_000;

/** Dependencies of the way to other hosts. */
export interface EgressParts {
  /** Path of the bridge's egress socket. */
  readonly socket: string;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
}

/**
 * The way of a job's tools to other hosts: a port on the loopback interface that leads to the bridge's egress listener.
 * It is open during a turn only. Each connection is announced there with the job's token, which the tools do not have.
 */
export class Egress implements EgressKeeper {
  constructor(private readonly parts: EgressParts) {}

  async open(token: string, onRefused: (refused: EgressRefused) => void): Promise<OpenEgress> {
    const lines = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
      this.#forward(near, token, lines);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const feed = new RefusalFeed(this.parts, token, onRefused);
    return {
      url: `http://127.0.0.1:${String(portOf(server))}`,
      close: async () => {
        server.close();
        for (const line of lines) line.destroy();
        await feed.close();
      },
    };
  }

  #forward(near: Socket, token: string, lines: Set<Socket>): void {
    lines.add(near);
    near.once('close', () => lines.delete(near));
    const far = connect({ path: this.parts.socket, allowHalfOpen: true });
    far.write(writeEgressHello({ token }));
    joinLines(near, far);
  }
}

/** Hears what the bridge refuses a job, from its beginning on; each refusal once. */
class RefusalFeed {
  readonly #seen = new Set<string>();
  readonly #closing = new AbortController();
  #socket: Socket | undefined;
  #warned = false;
  readonly #over: Promise<void>;

  constructor(
    private readonly parts: EgressParts,
    private readonly token: string,
    private readonly onRefused: (refused: EgressRefused) => void,
  ) {
    this.#over = this.#run();
  }

  /** Resolves when what was refused so far has been told, or a second later. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#socket?.end();
    const late = setTimeout(() => this.#socket?.destroy(), lastMs);
    await this.#over;
    clearTimeout(late);
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#listen();
      await this.parts.clock.sleep(againMs, signal).catch(() => undefined);
    }
  }

  async #listen(): Promise<void> {
    const socket = connect({ path: this.parts.socket, allowHalfOpen: true });
    this.#socket = socket;
    socket.write(writeEgressHello({ token: this.token, feed: true }));
    const closed = new Promise<void>((resolve) =>
      socket.once('close', () => {
        resolve();
      }),
    );
    socket.on('error', (err) => {
      if (!this.#warned) this.parts.log.warn({ err }, 'the bridge does not tell what it refuses');
      this.#warned = true;
    });
    createInterface({ input: socket }).on('line', (line) => {
      this.#take(line);
    });
    await closed;
  }

  #take(line: string): void {
    const refused = readEgressLine(line);
    if (!refused || this.#seen.has(line)) return;
    this.#seen.add(line);
    this.onRefused(refused);
  }
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}
