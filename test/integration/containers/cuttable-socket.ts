import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A unix socket that passes on to another one, until it is cut. */
export class CuttableSocket {
  readonly #open = new Set<Socket>();
  readonly #server: Server;
  #whole = true;

  private constructor(
    readonly path: string,
    to: string,
  ) {
    this.#server = createServer({ allowHalfOpen: true }, (near) => {
      if (!this.#whole) {
        near.destroy();
        return;
      }
      const far = connect({ path: to, allowHalfOpen: true });
      for (const end of [near, far]) {
        this.#open.add(end);
        end.on('error', () => undefined).once('close', () => this.#open.delete(end));
      }
      near.pipe(far).pipe(near);
    });
  }

  static async open(path: string, to: string): Promise<CuttableSocket> {
    const socket = new CuttableSocket(path, to);
    socket.#server.listen(path);
    await once(socket.#server, 'listening');
    return socket;
  }

  /** Breaks every connection, and refuses new ones until `mend`. */
  cut(): void {
    this.#whole = false;
    for (const end of this.#open) end.destroy();
  }

  mend(): void {
    this.#whole = true;
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
