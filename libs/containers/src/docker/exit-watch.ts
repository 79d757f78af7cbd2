import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerExit } from '@remuda/domain';
import { diedOfMemory, exitReason } from '../exit-reason.js';
import { lastLineCount } from '../last-lines.js';
import type { RuntimeLog } from '../runtime-log.js';
import { said } from '../start-failed.js';
import type { ContainerClient } from './container-client.js';
import type { EngineEvent, EventClient } from './event-client.js';
import { label } from './labels.js';

/** Delay before the stream of events is opened again: doubles from the first to the maximum. */
const firstPauseMs = 100;
const longestPauseMs = 2_000;

/** Dependencies of a watch, and its callback. */
export interface ExitWatchParts {
  readonly cluster: string;
  readonly containers: ContainerClient;
  readonly events: EventClient;
  readonly log: RuntimeLog;
  readonly onExit: (exit: ContainerExit) => void;
}

/**
 * Reports each container of the cluster that ends without having been stopped. A lost connection to the engine is
 * opened again for as long as the watch lasts; containers that ended in between are reported then.
 */
export class ExitWatch {
  /** Containers by id; the end of an `over` one was reported, requested, or before the watch. */
  readonly #known = new Map<string, { readonly worker: string; readonly phase: 'runs' | 'over' }>();
  readonly #outOfMemory = new Set<string>();
  readonly #ended = new AbortController();
  #following: Promise<void> = Promise.resolve();

  constructor(private readonly parts: ExitWatchParts) {}

  /** Resolves when no later end is missed. Rejects if the engine does not answer. */
  async open(): Promise<void> {
    const events = await this.#connect((id, worker) => {
      this.letGo(id, worker);
    });
    this.#following = this.#follow(events);
  }

  /** The end of this container was requested, and is not reported. */
  letGo(id: string, worker: string): void {
    this.#known.set(id, { worker, phase: 'over' });
  }

  /** Ends the watch; nothing is reported after it resolves. */
  async close(): Promise<void> {
    this.#ended.abort();
    await this.#following;
  }

  async #connect(onEnded: (id: string, worker: string) => unknown): Promise<AsyncIterable<EngineEvent>> {
    const events = await this.parts.events.open(this.parts.cluster, this.#ended.signal);
    await this.#catchUp(onEnded);
    return events;
  }

  async #follow(first: AsyncIterable<EngineEvent>): Promise<void> {
    let events: AsyncIterable<EngineEvent> | undefined = first;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        events ??= await this.#connect((id, worker) => this.#over(id, worker));
        pauseMs = firstPauseMs;
        for await (const event of events) await this.#take(event);
      } catch (error) {
        if (!this.#ended.signal.aborted)
          this.parts.log.warn({ error: said(error) }, 'the stream of Docker events broke');
      }
      events = undefined;
      if (this.#ended.signal.aborted) return;
      await sleep(pauseMs, undefined, { signal: this.#ended.signal }).catch(() => undefined);
    }
  }

  /** Compares with the engine's current containers, and calls back for each that ended, or is gone, unreported. */
  async #catchUp(onEnded: (id: string, worker: string) => unknown): Promise<void> {
    const found = await this.parts.containers.list(this.parts.cluster);
    for (const { id, status, labels } of found) {
      const worker = labels[label.worker] ?? '';
      if (status === 'exited' || status === 'dead') await onEnded(id, worker);
      else if (status === 'running') this.#started(id, worker);
    }
    const ids = new Set(found.map(({ id }) => id));
    for (const [id, { worker }] of this.#known) {
      if (ids.has(id)) continue;
      await onEnded(id, worker);
      this.#known.delete(id);
    }
  }

  async #take({ kind, id, worker, exitCode }: EngineEvent): Promise<void> {
    switch (kind) {
      case 'start':
        this.#started(id, worker);
        return;
      case 'oom':
        this.#outOfMemory.add(id);
        this.parts.log.warn({ worker }, 'a process in the container was killed because it ran out of memory');
        return;
      case 'die':
        await this.#over(id, worker, exitCode);
        return;
      case 'destroy':
        this.#known.delete(id);
        this.#outOfMemory.delete(id);
        return;
      default:
        kind satisfies never;
    }
  }

  #started(id: string, worker: string): void {
    if (!this.#known.has(id)) this.#known.set(id, { worker, phase: 'runs' });
  }

  async #over(id: string, worker: string, exitCode?: number): Promise<void> {
    if (this.#known.get(id)?.phase === 'over') return;
    this.#known.set(id, { worker, phase: 'over' });
    const exit = await this.#describe(id, worker, exitCode);
    // the watch may have ended while the engine was asked
    if (!this.#ended.signal.aborted) this.parts.onExit(exit);
  }

  /** The container may have been removed already: then only the event's exit code is known. */
  async #describe(id: string, worker: string, exitCode?: number): Promise<ContainerExit> {
    const { containers } = this.parts;
    const [seen, lines] = await Promise.all([
      containers.inspect(id).catch(() => undefined),
      containers.lastLines(id, lastLineCount).catch(() => []),
    ]);
    const heard = this.#outOfMemory.delete(id);
    const end = { exitCode: exitCode ?? seen?.exitCode, outOfMemory: heard || seen?.outOfMemory === true };
    const outOfMemory = diedOfMemory(end);
    const reason = exitReason({ ...end, outOfMemory });
    return { worker, reason, outOfMemory, lastLines: lines };
  }
}
