import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { Inbox } from './inbox.js';

/** What a fixture says when it runs. Process ids are those of its own process table. */
export interface Hello {
  readonly worker: string;
  readonly pid: number;
  /** A process that it left in a session of its own. */
  readonly left?: number;
}

/** Waits for fixtures to say that they run, at a socket in the folder that they see. */
export class Greetings {
  readonly #heard = new Inbox<Hello>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((socket) => {
      void json(socket).then((hello) => {
        this.#heard.put(hello as Hello);
      });
    });
  }

  static async open(socketDir: string): Promise<Greetings> {
    const greetings = new Greetings();
    greetings.#server.listen(join(socketDir, 'hello.sock'));
    await once(greetings.#server, 'listening');
    return greetings;
  }

  /** The next hello of this worker; each is given once. */
  from(worker: string): Promise<Hello> {
    return this.#heard.take((hello) => hello.worker === worker);
  }

  async close(): Promise<void> {
    this.#server.close();
    await once(this.#server, 'close');
  }
}
