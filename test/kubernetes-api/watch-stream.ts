import type { ServerResponse } from 'node:http';
import { expired } from './refusal.js';
import type { StoredChange, StoredObject } from './object-store.js';

/** One open watch: a line of JSON for each thing that it tells. */
export class WatchStream {
  readonly #early: StoredChange[] = [];
  #begun = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly wanted: (object: StoredObject) => boolean,
  ) {}

  /** Sends what was told until now, and from then on each thing at once. */
  begin(): void {
    this.response.writeHead(200, { 'content-type': 'application/json' });
    this.response.flushHeaders();
    this.#begun = true;
    for (const change of this.#early) this.tell(change);
  }

  tell(change: StoredChange): void {
    if (!this.#begun) this.#early.push(change);
    else if (this.wanted(change.object)) this.#write({ type: change.type, object: change.object });
  }

  bookmark(revision: number): void {
    this.#write({ type: 'BOOKMARK', object: { kind: 'Pod', metadata: { resourceVersion: String(revision) } } });
  }

  /** The revision from which it was to tell is no longer kept. */
  expire(): void {
    this.#write({ type: 'ERROR', object: expired().body });
    this.end();
  }

  end(): void {
    this.response.end();
  }

  /** What is told after the end, nobody hears. */
  #write(line: object): void {
    if (!this.response.writableEnded) this.response.write(`${JSON.stringify(line)}\n`);
  }
}
