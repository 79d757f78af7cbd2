import type { ContainerExit } from '@remuda/domain';
import { lastLineCount } from '../../last-lines.js';
import type { RuntimeLog } from '../../runtime-log.js';
import { said } from '../../start-failed.js';
import { label } from '../labels.js';
import type { PodChange } from './pod-cache.js';
import type { PodClient } from './pod-client.js';
import { podEnd, type PodEnd, type PodLimits } from './pod-end.js';
import { workerContainer } from '../container-names.js';
import { lookAt, type PodSince } from './pod-since.js';
import type { SeenPod } from './seen-pod.js';

/** How often pods that wait or leave are looked at again, in ms: their limits are of time. */
const lookEveryMs = 1_000;

/** What ends are told with. */
export interface PodEndsParts {
  readonly pods: Pick<PodClient, 'delete' | 'lastLines'>;
  readonly limits: PodLimits;
  readonly log: RuntimeLog;
}

/** A pod that has not ended yet, or whose end is not told yet. */
interface KnownPod {
  readonly pod: SeenPod;
  readonly since: PodSince;
  /** The first reason names the end. */
  readonly end?: PodEnd;
  /** What its worker printed last, where it had to be removed. */
  readonly lines?: readonly string[];
  /** What the log says that it waits for. */
  readonly logged?: string;
}

/**
 * Tells of each pod that ends, once, when nothing of it is left to run; and removes those that would linger. Whoever stops a pod lets
 * go of it first, and what had ended before we looked for the first time is not told.
 */
export class PodEnds {
  readonly #known = new Map<string, KnownPod>();
  /** Those that have ended, and are not gone yet. */
  readonly #over = new Set<string>();
  /** Those whose end is not to be told. */
  readonly #silent = new Set<string>();
  readonly #listeners = new Set<(exit: ContainerExit) => void>();
  readonly #looks = setInterval(() => {
    this.#lookAgain();
  }, lookEveryMs);

  constructor(private readonly parts: PodEndsParts) {
    this.#looks.unref();
  }

  listen(onExit: (exit: ContainerExit) => void): () => void {
    this.#listeners.add(onExit);
    return () => this.#listeners.delete(onExit);
  }

  /** Its end is not to be told; it's removed all the same where it does not leave. */
  letGo(uid: string): void {
    this.#silent.add(uid);
  }

  take({ kind, pod }: PodChange): void {
    const { uid } = pod;
    if (!this.#over.has(uid)) this.#note(uid, { kind, pod });
    if (kind !== 'gone') return;
    this.#over.delete(uid);
    this.#silent.delete(uid);
  }

  #note(uid: string, { kind, pod }: PodChange): void {
    const known = this.#known.get(uid);
    const since = lookAt(pod, known?.since, performance.now());
    this.#known.set(uid, { ...known, pod, since });
    this.#judge(uid, kind);
  }

  close(): void {
    clearInterval(this.#looks);
    this.#listeners.clear();
  }

  #lookAgain(): void {
    for (const [uid, known] of this.#known) {
      const { pod, since, end } = known;
      this.#logWait(uid, known);
      if (end || pod.leaving || since.half !== Infinity || since.waitsFor !== undefined) this.#judge(uid, 'seen');
    }
  }

  /** Says once what a pod waits for, where that is not over at once. */
  #logWait(uid: string, known: KnownPod): void {
    const { waitsFor } = known.since;
    if (waitsFor === undefined || waitsFor === known.logged) return;
    this.#known.set(uid, { ...known, logged: waitsFor });
    this.parts.log.warn({ worker: workerOf(known.pod), waitsFor }, 'a pod waits');
  }

  #judge(uid: string, kind: PodChange['kind']): void {
    const known = this.#known.get(uid);
    if (!known) return;
    const { pod, since } = known;
    const now = performance.now();
    const { waiting, leaving, half } = since;
    const times = { waitingMs: now - waiting, leavingMs: now - leaving, halfMs: now - half };
    const end = podEnd(pod, { gone: kind === 'gone', ...times }, this.parts.limits);
    if (!end) return;
    const first = known.end ?? end;
    this.#known.set(uid, { ...known, end: first });
    if (end.lingers) void this.#remove(pod, end);
    else this.#tell({ ...known, end: first }, kind);
  }

  /** What would linger is told to leave; of a node that does not answer its word is not waited for. */
  async #remove(pod: SeenPod, { phase, reason, message }: PodEnd): Promise<void> {
    const { pods, log } = this.parts;
    log.warn({ worker: workerOf(pod), reason, message }, 'removing a pod');
    if (phase === 'run' && !pod.leaving) {
      const lines = await this.#lastLines(pod);
      const known = this.#known.get(pod.uid);
      if (known) this.#known.set(pod.uid, { ...known, lines });
    }
    await pods.delete(pod, pod.leaving ? 0 : 1).catch((error: unknown) => {
      log.warn({ worker: workerOf(pod), error: said(error) }, 'a pod could not be removed yet');
    });
  }

  #tell(known: KnownPod & { readonly end: PodEnd }, kind: PodChange['kind']): void {
    const { pod } = known;
    this.#known.delete(pod.uid);
    if (kind !== 'gone') this.#over.add(pod.uid);
    if (kind !== 'found' && !this.#silent.has(pod.uid)) void this.#exit(known, kind);
  }

  async #exit(known: KnownPod & { readonly end: PodEnd }, kind: PodChange['kind']): Promise<void> {
    const { pod, end, lines = [] } = known;
    const { phase, message, outOfMemory } = end;
    const listeners = [...this.#listeners];
    const lastLines = phase === 'run' && kind !== 'gone' ? await this.#lastLines(pod) : lines;
    const exit = { worker: workerOf(pod), reason: message, outOfMemory, lastLines };
    // a watch may have ended while the server was asked
    for (const listener of listeners) if (this.#listeners.has(listener)) listener(exit);
  }

  #lastLines({ name }: SeenPod): Promise<readonly string[]> {
    return this.parts.pods.lastLines(name, workerContainer, lastLineCount);
  }
}

const workerOf = ({ labels }: SeenPod): string => labels[label.worker] ?? '';
