import { rawConnectionOf, type RawConnection } from '@remuda/redis/testing';
import type { Program } from '../world/world.js';
import { texts, type Reply } from './database.js';
import { commandNames } from './redis-commands.js';
import type { Line, Server } from './server.js';

interface Sent {
  readonly command: string;
  readonly args: readonly (string | number)[];
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
}

type Listener = (...args: unknown[]) => void;

/**
 * What stands for an ioredis connection: what's sent in one turn travels together, commands keep their order, and what
 * had no answer when the line was cut is sent again after it, whether it was carried out or not.
 */
export class SimulatedConnection implements Line {
  readonly channels = new Set<string>();
  readonly #listeners = new Map<string, Listener[]>();
  /** Said, but not yet on its way. */
  #outbox: Sent[] = [];
  /** On its way, without an answer. */
  #unanswered: Sent[] = [];
  /** At the server, behind a command that blocks. */
  #behind: Sent[] = [];
  #blocking = false;
  #connected = true;
  #closed = false;
  #line = 0;
  #id: number;
  #lastArrival = 0;
  #lastReply = 0;

  constructor(
    private readonly server: Server,
    private readonly program: Program,
    private readonly whileDown: 'wait' | 'fail' = 'wait',
  ) {
    this.#id = server.nextClient();
    server.connections.add(this);
    program.onDeath.push(() => this.disconnect());
    if (!server.up) this.cut();
  }

  /** The same, as the product's code takes it. */
  get redis(): RawConnection {
    return rawConnectionOf(this as unknown as RawConnection);
  }

  duplicate(): SimulatedConnection {
    return new SimulatedConnection(this.server, this.program, this.whileDown);
  }

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
    return this;
  }

  setMaxListeners(): this {
    return this;
  }

  disconnect(): void {
    this.#closed = true;
    this.#connected = false;
    this.#line++;
    this.server.forget(this.#id);
    this.server.connections.delete(this);
    if (this.program.alive) this.#failAll();
  }

  send(command: string, args: readonly (string | number)[]): Promise<unknown> {
    if (this.#closed) return Promise.reject(new Error('Connection is closed.'));
    if (this.whileDown === 'fail' && !this.#connected)
      return Promise.reject(new Error("Stream isn't writeable and enableOfflineQueue options is false"));
    return new Promise((resolve, reject) => {
      this.#outbox.push({ command, args, resolve, reject });
      this.server.sendLater(this);
    });
  }

  /** Sends what was said. */
  flush(): void {
    if (!this.#connected || this.#outbox.length === 0) return;
    const sent = this.#outbox;
    this.#outbox = [];
    this.#unanswered.push(...sent);
    const { world } = this.server;
    // Others may get between the commands of a pipeline.
    const cut = sent.length > 1 && world.random.chance(0.2) ? world.random.between(1, sent.length - 1) : sent.length;
    this.#travel(cut < sent.length ? sent.slice(0, cut) : sent);
    if (cut < sent.length) this.#travel(sent.slice(cut));
  }

  /** The line is cut; it's there again before long. */
  cut(): void {
    if (this.#closed) return;
    this.#connected = false;
    this.#line++;
    this.#blocking = false;
    this.#behind = [];
    this.server.forget(this.#id);
    const { world } = this.server;
    world.after(0, this.program, () => this.#notice());
    this.#reconnect();
  }

  #notice(): void {
    for (const listener of this.#listeners.get('close') ?? []) listener();
    if (this.whileDown === 'fail') this.#failAll();
  }

  #failAll(): void {
    const failed = [...this.#unanswered, ...this.#outbox];
    this.#unanswered = [];
    this.#outbox = [];
    for (const sent of failed) sent.reject(new Error('Connection is closed.'));
  }

  #reconnect(): void {
    const { world } = this.server;
    world.after(world.random.between(20, 500), this.program, () => {
      if (this.#closed || this.#connected) return;
      if (!this.server.up) {
        this.#reconnect();
        return;
      }
      this.#connected = true;
      this.#id = this.server.nextClient();
      for (const listener of this.#listeners.get('ready') ?? []) listener();
      const again = [...this.#unanswered];
      if (again.length > 0) this.#travel(again);
      this.server.sendLater(this);
    });
  }

  #travel(sent: readonly Sent[]): void {
    const { world } = this.server;
    this.#lastArrival = Math.max(this.#lastArrival, world.now + this.server.latency());
    const line = this.#line;
    world.after(this.#lastArrival - world.now, undefined, () => {
      if (line !== this.#line) return;
      this.#behind.push(...sent);
      this.#work();
    });
  }

  /** Carries out what has arrived, up to a command that blocks. */
  #work(): void {
    const done: [Sent, unknown][] = [];
    while (!this.#blocking) {
      const sent = this.#behind.shift();
      if (!sent) break;
      try {
        const reply = this.#carryOut(sent);
        if (reply !== blocks) done.push([sent, reply]);
      } catch (error) {
        done.push([sent, error]);
      }
    }
    this.server.serve();
    // The line is cut when the work is done and nobody knows.
    if (done.length > 0 && this.server.world.random.chance(this.server.weather.answersLost)) this.cut();
    else if (done.length > 0) this.#reply(done);
  }

  #reply(done: readonly (readonly [Sent, unknown])[]): void {
    const { world } = this.server;
    this.#lastReply = Math.max(this.#lastReply, world.now + this.server.latency());
    const line = this.#line;
    world.after(this.#lastReply - world.now, this.program, () => {
      if (line !== this.#line) return;
      this.#unanswered.splice(0, done.length);
      for (const [sent, reply] of done) {
        if (reply instanceof Error) sent.reject(reply);
        else sent.resolve(reply);
      }
    });
  }

  #carryOut(sent: Sent): unknown {
    const { command, args } = sent;
    const { db } = this.server;
    switch (command) {
      case 'xread':
        return this.#follow(sent, texts(args.slice(5)));
      case 'bzpopmin':
        return this.#block(sent, [String(args[0])], Number(args[1]) * 1_000, () =>
          db.delete(String(args[0])) ? 1 : undefined,
        );
      case 'client':
        return args[0] === 'ID' ? this.#id : this.server.unblock(Number(args[1])) ? 1 : 0;
      case 'subscribe':
        this.channels.add(String(args[0]));
        return 1;
      case 'multi':
        return (args as unknown as [string, string[]][]).map(([each, its]) => [null, db.run(each, texts(its))]);
      case 'hgetall':
        return fields(db.run(command, args) as string[]);
      default:
        return db.run(command, texts(args));
    }
  }

  #follow(sent: Sent, words: readonly string[]): unknown {
    const { args } = sent;
    const keys = words.slice(0, words.length / 2);
    return this.#block(sent, keys, Number(args[3]), () => this.#read(words, Number(args[1])));
  }

  #block(sent: Sent, keys: readonly string[], ms: number, tried: () => Reply | undefined): unknown {
    const at = tried();
    if (at !== undefined) return at;
    this.#blocking = true;
    const line = this.#line;
    const answer = (reply: Reply): void => {
      this.#blocking = false;
      this.#reply([[sent, reply]]);
      this.server.world.after(0, undefined, () => {
        if (line === this.#line) this.#work();
      });
    };
    this.server.block({ id: this.#id, keys, tried, answer }, ms);
    return blocks;
  }

  #read(words: readonly string[], count: number): Reply | undefined {
    const half = words.length / 2;
    const found: Reply[] = [];
    for (let i = 0; i < half; i++) {
      const entries = this.server.db.entriesAfter(words[i]!, words[half + i]!, count);
      if (entries.length > 0) found.push([words[i]!, entries]);
    }
    return found.length > 0 ? found : undefined;
  }

  /** A message of a channel arrives; it may take any time, and come after a later one. */
  hear(channel: string, message: string): void {
    const { world } = this.server;
    world.after(this.server.latency(), this.program, () => {
      if (!this.#connected) return;
      for (const listener of this.#listeners.get('message') ?? []) listener(channel, message);
    });
  }

  multi(): Transaction {
    return new Transaction(this);
  }
}

const blocks = Symbol('blocks');

function fields(flat: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) found[flat[i]!] = flat[i + 1]!;
  return found;
}

/** `{a: 1}` as `a 1`; everything else as it is. */
function flat(args: readonly unknown[]): (string | number)[] {
  let plain = true;
  for (const arg of args) plain &&= typeof arg !== 'object';
  if (plain) return args as (string | number)[];
  return args.flatMap((arg) =>
    typeof arg === 'object' && arg !== null && !Array.isArray(arg) ? Object.entries(arg).flat() : arg,
  ) as (string | number)[];
}

/** Commands that are carried out together. */
class Transaction {
  readonly #commands: (readonly [string, readonly (string | number)[]])[] = [];

  constructor(private readonly connection: SimulatedConnection) {}

  add(command: string, args: readonly unknown[]): this {
    this.#commands.push([command, flat(args)]);
    return this;
  }

  exec(): Promise<unknown> {
    return this.connection.send('multi', this.#commands as unknown as (string | number)[]);
  }
}

for (const name of [...commandNames, 'xread', 'bzpopmin', 'subscribe', 'client']) {
  Object.defineProperty(SimulatedConnection.prototype, name, {
    value(this: SimulatedConnection, ...args: unknown[]) {
      return this.send(name, flat(args));
    },
  });
  Object.defineProperty(Transaction.prototype, name, {
    value(this: Transaction, ...args: unknown[]) {
      return this.add(name, args);
    },
  });
}
