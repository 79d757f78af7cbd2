import { randomBytes, randomUUID } from 'node:crypto';
import { RemudaError, type Clock } from '@remuda/domain';
import type { HostRun } from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';
import type { AuditLog } from './audit/audit-log.js';
import { shownArguments } from './audit/shown-arguments.js';
import type { Client } from './clients/client.js';
import type { Outlet } from './connection/outlet.js';
import { Run, type RunEnd } from './connection/run.js';
import type { HostBridgeMetrics } from './metrics.js';
import type { Starter } from './program/starter.js';
import { checkRun, type AllowedRun } from './request/check-run.js';
import type { Turns } from './turns/turns.js';

/** What the desk needs. */
export interface DeskParts {
  readonly sandboxed: boolean;
  readonly turns: Turns;
  readonly audit: Pick<AuditLog, 'write'>;
  readonly metrics: HostBridgeMetrics;
  readonly starter: Starter;
  /** Tokens of the runs, for the model's listener. */
  readonly tokens: Set<string>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A run that was admitted. */
interface Admitted {
  readonly id: string;
  readonly asked: HostRun;
  readonly allowed: AllowedRun;
  readonly askedAt: number;
}

/** Connections of nobody in particular, on the shared socket. */
const mostUnidentified = 64;

/** Admits runs, lives them, and keeps the record: the one place that knows all clients. */
export class ClientDesk {
  readonly #admitted = new WeakMap<Run, Admitted>();
  readonly #living = new Set<Promise<unknown>>();
  readonly #connections = new Map<string, number>();
  stopping = false;

  constructor(private readonly parts: DeskParts) {}

  /** Takes no further runs. */
  stop(): void {
    this.stopping = true;
  }

  /** Resolves when no run is left. */
  async idle(): Promise<void> {
    while (this.#living.size > 0) await Promise.all(this.#living);
  }

  /** Counts a connection; the returned function takes it back. */
  connected(client: Client | undefined): () => void {
    const name = client?.name ?? '';
    this.#count(name, 1);
    return () => this.#count(name, -1);
  }

  /** Whether a connection that is counted already may stay. */
  hasRoom(client: Client | undefined): boolean {
    return (this.#connections.get(client?.name ?? '') ?? 0) <= (client?.limits.connections ?? mostUnidentified);
  }

  /** The clients that have a connection. */
  connectedClients(): string[] {
    return [...this.#connections.keys()].filter((name) => name !== '').sort();
  }

  /** Checks a run, takes its turn and writes it down. Throws the refusal. */
  admit(client: Client, asked: HostRun, outlet: Outlet): Run {
    if (this.stopping) throw new RemudaError('host_bridge.stopping', 'The bridge is shutting down.');
    const allowed = checkRun(asked, client, this.parts.sandboxed);
    if ('refused' in allowed) throw new RemudaError('host_bridge.refused', allowed.refused);
    const turn = this.parts.turns.take(client);
    const token = randomBytes(32).toString('base64url');
    const run: Run = new Run({
      client,
      asked,
      allowed,
      turn,
      outlet,
      start: (onOutput) => {
        this.parts.tokens.add(token);
        void run.over.then(() => this.parts.tokens.delete(token));
        return this.parts.starter.start({ client, allowed, token, terminal: asked.terminal }, onOutput);
      },
    });
    const admitted = { id: randomUUID(), asked, allowed, askedAt: this.parts.clock.monotonic() };
    this.#admitted.set(run, admitted);
    try {
      this.parts.audit.write({ event: 'run', client: client.name, ...recordOf(admitted) });
    } catch (error) {
      turn.giveBack();
      throw error;
    }
    return run;
  }

  /** Lives a run that was admitted, to its end. */
  live(client: Client, run: Run): Promise<RunEnd> {
    const lived = this.#live(client, run);
    const settled = lived.then(
      () => undefined,
      () => undefined,
    );
    this.#living.add(settled);
    void settled.then(() => this.#living.delete(settled));
    return lived;
  }

  async #live(client: Client, run: Run): Promise<RunEnd> {
    const { clock, metrics, audit, log } = this.parts;
    const { id, askedAt } = this.#admitted.get(run) ?? { id: '', askedAt: clock.monotonic() };
    const { name } = client;
    let begunAt: number | undefined;
    let end: RunEnd | undefined;
    try {
      end = await run.live(() => {
        begunAt = clock.monotonic();
        metrics.waitSeconds.observe({ client: name }, (begunAt - askedAt) / 1_000);
      });
      return end;
    } finally {
      const ms = begunAt === undefined ? 0 : Math.round(clock.monotonic() - begunAt);
      if (begunAt !== undefined) metrics.runSeconds.observe({ client: name }, ms / 1_000);
      metrics.runs.inc({ client: name, outcome: outcomeOf(end) });
      try {
        audit.write({ event: 'ended', client: name, run: id, ms, ...(end ?? { cut: 'failed' }) });
      } catch (err) {
        log.error({ err, run: id }, 'the end of a run could not be recorded');
      }
    }
  }

  /** Counts and writes down that somebody was refused. */
  refused(client: Client | undefined, { code, message }: RemudaError): void {
    this.parts.metrics.refused.inc({ client: client?.name ?? 'unknown', code });
    try {
      this.parts.audit.write({ event: 'refused', client: client?.name, code, message });
    } catch (err) {
      this.parts.log.error({ err }, 'a refusal could not be recorded');
    }
  }

  #count(name: string, by: number): void {
    const count = (this.#connections.get(name) ?? 0) + by;
    if (count > 0) this.#connections.set(name, count);
    else this.#connections.delete(name);
    if (name !== '') this.parts.metrics.connections.set({ client: name }, count);
  }
}

function recordOf({ id, asked, allowed }: Admitted): object {
  const { folder, given, env } = allowed;
  return {
    run: id,
    args: shownArguments(given),
    variables: Object.keys(env),
    folder: folder.hostPath,
    terminal: asked.terminal !== undefined,
  };
}

function outcomeOf(end: RunEnd | undefined): string {
  if (!end) return 'failed';
  if ('cut' in end) return 'cut';
  return end.code === 0 ? 'ok' : 'error';
}
