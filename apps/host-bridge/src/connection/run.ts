import { RemudaError } from '@remuda/domain';
import { hostBridgeLimits, type HostBridgeSignal, type HostRun, type TerminalSize } from '@remuda/protocol';
import type { Client } from '../clients/client.js';
import type { Program } from '../program/program.port.js';
import type { AllowedRun } from '../request/check-run.js';
import type { Turn } from '../turns/turns.js';
import type { Outlet } from './outlet.js';

/** What a run needs from the bridge. */
export interface RunParts {
  readonly client: Client;
  readonly asked: HostRun;
  readonly allowed: AllowedRun;
  readonly turn: Turn;
  readonly outlet: Outlet;
  /** Starts Claude Code, whose output goes to the function. */
  readonly start: (onOutput: (type: 'stdout' | 'stderr', chunk: Buffer) => void) => Promise<Program>;
}

/** How a run ended: with an exit code, or the reason why it was cut. */
export type RunEnd = { readonly code: number } | { readonly cut: string };

/** One run of Claude Code for one client, from its place in the queue to its end. The first reason to end it wins. */
export class Run {
  #program: Program | undefined;
  #cut: string | undefined;
  #onCut: () => void = () => undefined;
  readonly #isCut = new Promise<void>((resolve) => {
    this.#onCut = resolve;
  });
  /** Standard input that the client may still send, in bytes. */
  #credit: number = hostBridgeLimits.firstCreditBytes;
  /** What came before the program did. */
  #early: Buffer[] = [];
  #ended = false;
  #onOver: () => void = () => undefined;
  /** Resolves when nothing of the run is left. */
  readonly over = new Promise<void>((resolve) => {
    this.#onOver = resolve;
  });
  #size: TerminalSize | undefined;
  #taken = Promise.resolve();

  constructor(private readonly parts: RunParts) {
    this.#size = parts.asked.terminal;
  }

  /** Waits for the turn, runs, and resolves with how it ended. Rejects with `host_bridge.start_failed`. */
  async live(onBegin: () => void): Promise<RunEnd> {
    const { turn, outlet } = this.parts;
    try {
      if (turn.ahead > 0) outlet.send({ type: 'queued', ahead: turn.ahead });
      await Promise.race([turn.begins, this.#isCut]);
      const cutBefore = this.#reason();
      if (cutBefore !== undefined) return { cut: cutBefore };
      onBegin();
      const program = await this.parts.start((type, chunk) => {
        this.#pass(type, chunk);
      });
      this.#begin(program);
      const code = await program.exited;
      const reason = this.#reason();
      return reason === undefined ? { code } : { cut: reason };
    } finally {
      outlet.onRoom(undefined);
      turn.giveBack();
      this.#onOver();
    }
  }

  #reason(): string | undefined {
    return this.#cut;
  }

  /** Ends the run at once, whatever it does. */
  cut(reason: string): void {
    this.#cut ??= reason;
    this.#onCut();
    this.#program?.kill();
  }

  /** Takes standard input. Throws `host_bridge.malformed` if that is more than the client was told it may send. */
  stdin(data: Buffer): void {
    this.#credit -= data.length;
    if (this.#credit < 0)
      throw new RemudaError('host_bridge.malformed', 'More standard input was sent than there is credit for.');
    if (this.#ended) return;
    if (this.#program) this.#write(this.#program, data);
    else this.#early.push(data);
  }

  endStdin(): void {
    this.#ended = true;
    const program = this.#program;
    if (program) void this.#taken.then(() => program.end());
  }

  signal(signal: HostBridgeSignal): void {
    if (this.#program) this.#program.signal(signal);
    // It waits: there is nothing that could handle the signal.
    else this.cut('signalled');
  }

  resize(size: TerminalSize): void {
    this.#size = size;
    this.#program?.resize(size);
  }

  #begin(program: Program): void {
    this.#program = program;
    const { outlet, asked } = this.parts;
    outlet.send({ type: 'started' });
    outlet.onRoom(() => {
      program.resume();
    });
    if (this.#size && this.#size !== asked.terminal) program.resize(this.#size);
    for (const data of this.#early) this.#write(program, data);
    this.#early = [];
    if (this.#ended) this.endStdin();
    if (this.#cut !== undefined) program.kill();
  }

  #write(program: Program, data: Buffer): void {
    this.#taken = program.write(data).then(() => {
      this.#credit += data.length;
      this.parts.outlet.send({ type: 'credit', bytes: data.length });
    });
  }

  #pass(type: 'stdout' | 'stderr', chunk: Buffer): void {
    if (this.#cut !== undefined) return;
    this.parts.outlet.sendBytes(type, chunk);
    if (this.parts.outlet.full) this.#program?.pause();
  }
}
