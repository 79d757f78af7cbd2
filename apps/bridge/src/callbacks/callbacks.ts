import type { IncomingMessage, ServerResponse } from 'node:http';
import { tokenOf } from '@remuda/model';
import { maxCallbackBytes, readCallback } from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';
import type { Grants } from '../grants.port.js';
import type { BridgeMetrics } from '../metrics.js';
import { findGrant } from '../token.js';

/** What became of a callback, and the status that says so. */
const statuses = { accepted: 202, repeated: 202, malformed: 400, ended: 401, forged: 403, too_large: 413 } as const;

/** How many callbacks are remembered, to tell repeated ones. */
const remembered = 10_000;

/** Dependencies of taking callbacks. */
export interface CallbackParts {
  readonly metrics: Pick<BridgeMetrics, 'callbacks'>;
  readonly log: Pick<Logger, 'debug' | 'warn'>;
}

/**
 * Takes workers' callbacks at the end of a turn, each counted once. The job's token authenticates it: a worker calls
 * back for the job that it carries out, and for no other.
 */
export class Callbacks {
  readonly #seen = new Set<string>();

  constructor(private readonly parts: CallbackParts) {}

  /** Answers one. `grants` are those of the listener at which it arrived. Rejects with `redis.unavailable`. */
  async take(grants: Grants, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const outcome = await this.#outcomeOf(grants, request);
    this.parts.metrics.callbacks.inc({ outcome });
    response.writeHead(statuses[outcome], outcome === 'too_large' ? { connection: 'close' } : {}).end();
  }

  async #outcomeOf(grants: Grants, request: IncomingMessage): Promise<keyof typeof statuses> {
    const body = await textOf(request);
    const grant = await findGrant(grants, tokenOf(request.headers));
    if (!grant) return 'ended';
    if (body === undefined) return 'too_large';
    const callback = request.method === 'POST' ? readCallback(body) : undefined;
    if (!callback) return 'malformed';
    const { requestId, status } = callback;
    if (requestId !== grant.job) {
      this.parts.log.warn({ job: grant.job, worker: grant.worker }, 'a worker called back for a job of another');
      return 'forged';
    }
    if (!this.#note(`${requestId}:${String(grant.lease)}`)) return 'repeated';
    this.parts.log.debug({ job: requestId, status }, 'a turn has ended');
    return 'accepted';
  }

  /** False if it was noted before; the oldest is forgotten. */
  #note(name: string): boolean {
    if (this.#seen.has(name)) return false;
    this.#seen.add(name);
    const [oldest] = this.#seen;
    if (this.#seen.size > remembered && oldest !== undefined) this.#seen.delete(oldest);
    return true;
  }
}

/** The body; undefined if it is too large, and then not read to its end. */
async function textOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxCallbackBytes) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}
