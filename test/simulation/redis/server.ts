import type { World } from '../world/world.js';
import { bullCommands } from './bull-commands.js';
import { Database, type Onlooker, type Reply } from './database.js';
import { redisCommands } from './redis-commands.js';

/** A command that waits at the server until something comes for it. */
interface Blocked {
  readonly id: number;
  /** What it waits at. */
  readonly keys: readonly string[];
  readonly tried: () => Reply | undefined;
  readonly answer: (reply: Reply) => void;
}

/** A connection, as the server sees it. */
export interface Line {
  readonly channels: ReadonlySet<string>;
  /** Sends what was said. */
  flush(): void;
  /** It's cut, and there again before long. */
  cut(): void;
  hear(channel: string, message: string): void;
}

/** How the network behaves at the moment. */
export interface Weather {
  /** Probability that a message takes long. */
  slow: number;
  /** How long then, in ms, at most. */
  slowMs: number;
  /** Probability that a wake-up is dropped, and that it comes twice. */
  dropped: number;
  /** Probability that the line is cut between a command and its answer. */
  answersLost: number;
  doubled: number;
}

const allCommands = new Map(Object.entries({ ...redisCommands, ...bullCommands }));

/** The one Redis of a run, with its connections. */
export class Server {
  readonly db: Database;
  readonly connections = new Set<Line>();
  readonly weather: Weather = { slow: 0, slowMs: 0, answersLost: 0, dropped: 0, doubled: 0 };
  up = true;
  #clients = 0;
  readonly #blocked = new Map<number, Blocked>();

  constructor(
    readonly world: World,
    onlooker: Onlooker,
    altered?: (text: string) => string,
  ) {
    this.db = new Database(() => Math.floor(world.now), onlooker, allCommands, altered);
    world.atRest.push(() => {
      if (this.#dirty.length === 0) return;
      const dirty = this.#dirty;
      this.#dirty = [];
      for (const connection of dirty) connection.flush();
    });
    this.db.onPublish.push((channel, message) => this.#spread(channel, message));
  }

  #dirty: Line[] = [];

  /** Is switched off for good. */
  end(): void {
    this.connections.clear();
    this.#blocked.clear();
    this.db.clear();
  }

  /** The connection has something to send, once its program's code has come to rest. Once is enough, and twice no harm. */
  sendLater(connection: Line): void {
    if (this.#dirty.at(-1) !== connection) this.#dirty.push(connection);
  }

  nextClient(): number {
    return ++this.#clients;
  }

  /** How long a message takes, in ms. */
  latency(): number {
    const { random } = this.world;
    const { slow, slowMs } = this.weather;
    return slow > 0 && random.chance(slow) ? random.next() * slowMs : random.next() * 2;
  }

  /** Redis is away for so long; then it's back with all of its data, perhaps started anew. */
  outage(ms: number, restarted: boolean): void {
    this.up = false;
    for (const connection of [...this.connections]) connection.cut();
    this.world.after(ms, undefined, () => {
      this.up = true;
      if (restarted) this.db.forgetScripts();
      this.world.tell?.('Redis is back');
    });
  }

  /** Lets a command wait; the connection's later ones wait behind it. */
  block(blocked: Blocked, ms: number): void {
    this.#blocked.set(blocked.id, blocked);
    this.world.after(ms, undefined, () => {
      if (this.#blocked.get(blocked.id) === blocked) this.unblock(blocked.id);
    });
  }

  unblock(id: number): boolean {
    const blocked = this.#blocked.get(id);
    this.#blocked.delete(id);
    blocked?.answer(null);
    return blocked !== undefined;
  }

  forget(id: number): void {
    this.#blocked.delete(id);
  }

  /** Gives what has come to those who wait for it. */
  serve(): void {
    const { touched } = this.db;
    if (touched.size === 0) return;
    for (const [id, blocked] of this.#blocked) {
      if (!blocked.keys.some((key) => touched.has(key))) continue;
      const reply = blocked.tried();
      if (reply === undefined) continue;
      this.#blocked.delete(id);
      blocked.answer(reply);
    }
    touched.clear();
  }

  #spread(channel: string, message: string): void {
    const { random } = this.world;
    for (const connection of this.connections) {
      if (!connection.channels.has(channel)) continue;
      if (random.chance(this.weather.dropped)) continue;
      connection.hear(channel, message);
      if (random.chance(this.weather.doubled)) connection.hear(channel, message);
    }
  }
}
