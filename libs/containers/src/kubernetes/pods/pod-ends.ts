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

/** How often waiting and leaving pods are checked, in ms: their limits are times. */
const lookEveryMs = 1_000;

/** Dependencies of reporting ends. */
export interface PodEndsParts {
  readonly pods: Pick<PodClient, 'delete' | 'lastLines'>;
  readonly limits: PodLimits;
  readonly log: RuntimeLog;
}

/** A pod that has not ended yet, or whose end has not been reported yet. */
interface KnownPod {
  readonly pod: SeenPod;
  readonly since: PodSince;
  /** The first reason names the end. */
  readonly end?: PodEnd;
  /** The last output of its worker, if it had to be removed. */
  readonly lines?: readonly string[];
  /** What it waits for, as already logged. */
  readonly logged?: string;
}

/**
 * Reports the end of each pod once, when nothing of it is left to run, and removes pods that would linger. Whoever
 * stops a pod releases it first; ends from before the first look are not reported.
 */
export class PodEnds {
  readonly #known = new Map<string, KnownPod>();
  /** Pods that have ended and still exist. */
  readonly #over = new Set<string>();
  /** Pods whose end is not reported. */
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

  /** Its end will not be reported; it is still removed if it does not leave. */
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

  /** Logs once what a pod waits for, unless that is over at once. */
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

  /** Tells a lingering pod to leave; does not wait for the confirmation of a node that does not respond. */
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
    // a watch may have ended during the request
    for (const listener of listeners) if (this.#listeners.has(listener)) listener(exit);
  }

  #lastLines({ name }: SeenPod): Promise<readonly string[]> {
    return this.parts.pods.lastLines(name, workerContainer, lastLineCount);
  }
}

const workerOf = ({ labels }: SeenPod): string => labels[label.worker] ?? '';
