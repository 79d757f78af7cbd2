import { createHash, randomBytes } from 'node:crypto';
import {
  failureOf,
  steerLimits,
  type Assignment,
  type Clock,
  type Control,
  type Engine,
  type NewEvent,
  type Outcome,
  type PermissionMode,
  type WorkerScreen,
} from '@remuda/domain';
import { formatsText, messageFormats, type IncompatibleAssignment, type WorkerLine } from '@remuda/protocol';
import type { Logger, WorkerKey } from '@remuda/runtime';
import { carryOut } from './attempt.js';
import { hidingOf } from './hiding/hiding.js';
import { Hold } from './hold.js';
import type { EgressKeeper, FileKeeper, Kept, PushKeeper, SnapshotKeeper, WorkspaceKeeper } from './keepers.port.js';
import { Mailbox } from './mailbox.js';
import { opened } from './opened-assignment.js';
import { hiddenScreen } from './screen/hidden-screen.js';
import { ScreenShow } from './screen/screen-show.js';
import type { StopReason } from './stop-reason.js';

/** The parts of a worker. */
export interface WorkerPlan {
  readonly line: WorkerLine;
  readonly engine: Engine;
  readonly workspace: WorkspaceKeeper;
  /** Absent if the bridge has no snapshot listener, or snapshots are off. */
  readonly snapshots?: SnapshotKeeper | undefined;
  /** Absent if the bridge has no snapshot listener. */
  readonly files?: FileKeeper | undefined;
  /** Absent if the bridge has no such listener. */
  readonly push?: PushKeeper | undefined;
  /** Absent if the bridge has no egress listener. */
  readonly egress?: EgressKeeper | undefined;
  /** Jobs after which it leaves. */
  readonly afterJobs: number;
  /** Default limit of a drain, in ms: how long a job may still run before it goes back to the queue. */
  readonly drainMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** To which secrets are encrypted. Absent: they come as they are, over a channel of the worker's own. */
  readonly key?: WorkerKey;
  /** Called before each job with the function that redacts its secrets. */
  readonly onSecrets?: (hide: (text: string) => string) => void;
  /** The permission mode of the spare that the engine keeps at first. Default: none. */
  readonly spare?: PermissionMode | undefined;
}

/**
 * Two missed ones are tolerated: if others behind its bridge send heartbeats, a scheduler counts a worker as lost after
 * three.
 */
const heartbeatMs = 2_000;

interface Attempt {
  readonly job: string;
  readonly lease: number;
}

interface Current {
  readonly assignment: Assignment;
  readonly stop: AbortController;
  readonly mailbox: Mailbox;
}

/** Takes assignments one by one, drives the engine, and reports what happens. */
export class Worker {
  #current: Current | undefined;
  /** A cancel that arrived before its assignment. */
  #cancelled: { readonly job: string; readonly lease: number } | undefined;
  /** What was said to an attempt before its assignment arrived. */
  #early: Extract<Control, { kind: 'steer' }>[] = [];
  #lastDone: Attempt | undefined;
  /** The snapshot of a turn that is over is being taken. */
  #keeping = false;
  #jobs = 0;
  #cold = false;
  /** Rarely changes between jobs, and is slow to determine. */
  #ownMb = residentMb();
  readonly #hold = new Hold();
  #holdTimer: NodeJS.Timeout | undefined;
  /** Settles when it is idle, or leaves, after it has held a session. */
  #restoring: Promise<void> = Promise.resolve();
  /** The bridge token of the next job. Only its hash leaves this process; a job is granted to it at the claim. */
  #token = newToken();
  #leaving: Promise<void> | undefined;
  #drainBy = Infinity;
  #drainTimer: NodeJS.Timeout | undefined;
  #heart: NodeJS.Timeout | undefined;
  readonly #gone: Promise<void>;
  #goneNow: () => void = () => undefined;

  #spare: PermissionMode | undefined;
  readonly #screen: ScreenShow | undefined;
  /** The job that the terminal may show: the current one, or the last one until the terminal is a fresh one. */
  #shown: string | undefined;
  /** Hides the secrets of the current or the last job. */
  #hide: (text: string) => string = (text) => text;
  /** Whether this process has had secrets in memory. */
  #hadSecrets = false;

  constructor(private readonly plan: WorkerPlan) {
    this.#spare = plan.spare;
    this.#screen = this.#screenOf(plan);
    this.#gone = new Promise((resolve) => (this.#goneNow = resolve));
  }

  /** Warms up the engine, takes jobs, and resolves when the worker has left. */
  async run(): Promise<void> {
    const { line, engine, log } = this.plan;
    this.#heart = setInterval(() => void this.#beat(), heartbeatMs);
    void this.#beat();
    // A job must report why the engine does not start: so the worker takes one anyway.
    await engine.warm(this.#token).catch((error: unknown) => {
      this.#cold = true;
      log.error({ err: error }, 'the engine could not be warmed up');
    });
    line.open({
      carryOut: (assignment) => this.#take(assignment),
      refuse: (assignment) => this.#refuse(assignment),
      onControl: (control) => this.#onControl(control),
    });
    await this.#sayIdle();
    await this.#gone;
  }

  /** The engine ended while it was idle: a new worker is warm sooner than this one. */
  onEngineExit(reason: string): void {
    this.plan.log.warn({ reason }, 'the engine ended, so this worker leaves');
    if (!this.#current) void this.leave();
  }

  /**
   * Finishes the running job within the limit, takes no new one, and leaves. Safe to call twice: the earlier limit
   * applies.
   */
  leave(limitMs = this.plan.drainMs): Promise<void> {
    this.#limitDrain(limitMs);
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  async #take(assignment: Assignment): Promise<void> {
    const { job, lease } = assignment;
    // A duplicate was already begun: its outcome is on the way, or its lease is gone.
    if (this.#lastDone?.job === job && this.#lastDone.lease >= lease) return;
    clearTimeout(this.#holdTimer);
    await this.#restoring;
    if (this.#leaving) return;
    const stop = new AbortController();
    const early = this.#early.filter((said) => said.job === job && said.lease === lease);
    this.#early = [];
    const mailbox = new Mailbox([...(assignment.steers ?? []), ...early.map(({ id, text }) => ({ id, text }))]);
    this.#current = { assignment, stop, mailbox };
    if (this.#cancelled?.job === job && this.#cancelled.lease === lease) stop.abort('cancel' satisfies StopReason);
    const deadline = setTimeout(() => stop.abort('deadline' satisfies StopReason), assignment.remainingMs);
    const end = (): void => {
      clearTimeout(deadline);
      this.#current = undefined;
      this.#lastDone = { job, lease };
    };
    try {
      await this.#attempt(assignment, mailbox, stop.signal, end);
    } finally {
      end();
    }
    this.#jobs++;
    this.#hadSecrets ||= (assignment.secrets ?? assignment.sealedSecrets) !== undefined;
    if (this.#hold.session === undefined) await this.#restore();
    else this.#holdFor(this.#hold.holdMs);
  }

  /** Waits for the next turn of the session, with Claude Code alive. */
  #holdFor(ms: number): void {
    this.#holdTimer = setTimeout(() => {
      this.#hold.drop();
      this.#restoring = this.#restore();
    }, ms);
  }

  /**
   * Gives back an assignment that it does not understand, and leaves: it is from another release than its scheduler.
   */
  async #refuse({ incompatible: format, job, lease }: IncompatibleAssignment): Promise<void> {
    const { line, log } = this.plan;
    const message = `The assignment has the format ${String(format)}, and this worker knows ${formatsText(messageFormats)}.`;
    log.error({ job, format }, 'an assignment came from another release, so this worker leaves');
    this.#lastDone = { job, lease };
    await line.say({
      kind: 'outcome',
      job,
      lease,
      outcome: { kind: 'failed', failure: { code: 'worker.incompatible', message } },
    });
    void this.leave();
  }

  /** `onOver` is called when the attempt is over, before that is told: from then on nothing stops it. */
  async #attempt(sealed: Assignment, steering: Mailbox, stop: AbortSignal, onOver: () => void): Promise<void> {
    const assignment = await opened(sealed, this.plan.key);
    const { line, engine, workspace, snapshots, files, push, egress, clock } = this.plan;
    const now = (): number => clock.now();
    const { job, lease, secrets = {} } = assignment;
    const hiding = hidingOf(secrets);
    this.plan.onSecrets?.(hiding.text);
    this.#hide = hiding.text;
    this.#shown = job;
    const tellAll = (events: readonly NewEvent[]): void => {
      for (const event of events) line.tell(job, lease, event, clock.monotonic());
    };
    line.sayStarted({ kind: 'started', job, lease, at: now() }, clock.monotonic());
    tellAll(hiding.warnings(now()));
    const tell = (event: NewEvent): void => tellAll(hiding.event(event));
    const own = { hold: this.#hold, ownToken: this.#token };
    const parts = { engine, workspace, snapshots, files, push, egress, ...own, steering, clock, tell };
    const { outcome, keep } = await carryOut(assignment, parts, stop);
    onOver();
    this.#token = newToken();
    if (this.#leaving) this.#hold.drop();
    tellAll(hiding.rest(now()));
    // Not awaited: if there is nothing to clean up, the idle report is sent in the same entry.
    void line.say({ kind: 'outcome', job, lease, outcome: this.#withHold(hiding.outcome(outcome)) });
    if (keep) await this.#keep({ job, lease }, keep);
  }

  /** Takes the snapshot of a turn whose outcome was told, and says what came of it. */
  async #keep(attempt: Attempt, keep: () => Promise<Kept>): Promise<void> {
    this.#keeping = true;
    try {
      const kept = await keep();
      if (this.#leaving) this.#hold.drop();
      const lost = 'why' in kept ? { lost: `No snapshot of it was stored: ${kept.why.slice(0, 900)}.` } : {};
      const holds = this.#hold.session === undefined ? {} : { holds: this.#grant };
      void this.plan.line.say({ kind: 'kept', ...attempt, ...lost, ...holds });
    } finally {
      this.#keeping = false;
    }
  }

  /** An outcome says that the worker waits for the session's next turn. */
  #withHold(outcome: Outcome): Outcome {
    if (outcome.kind !== 'succeeded' || this.#hold.session === undefined) return outcome;
    return { ...outcome, holds: this.#grant };
  }

  get #grant(): string {
    return createHash('sha256').update(this.#token).digest('hex');
  }

  /**
   * Leaves after its last job, and after one with secrets, or a session with some. Otherwise restores the
   * initial state, including Claude Code, and is idle again.
   */
  async #restore(): Promise<void> {
    if (this.#leaving || this.#hadSecrets || this.#jobs >= this.plan.afterJobs) {
      void this.leave();
      return;
    }
    try {
      await this.plan.engine.reset(this.#token);
      this.#shown = undefined;
    } catch (error) {
      this.plan.log.warn({ failure: failureOf(error) }, 'the engine could not be reset, so this worker leaves');
      void this.leave();
      return;
    }
    await this.#sayIdle();
  }

  #onControl(control: Control): void {
    if (control.kind === 'drain') void this.leave(control.limitMs);
    else if (control.kind === 'show') this.#screen?.ask(control.asked, control.forMs);
    else if (control.kind === 'spare') this.#keepSpare(control.permissionMode);
    else if (control.kind === 'steer') this.#hear(control);
    else if (this.#isCurrent(control)) this.#current?.stop.abort('cancel' satisfies StopReason);
    else this.#cancelled = { job: control.job, lease: control.lease };
  }

  #isCurrent({ job, lease }: Attempt): boolean {
    return this.#current?.assignment.job === job && this.#current.assignment.lease === lease;
  }

  /** Something is said to an attempt; what comes after its end is heard by nobody. */
  #hear(said: Extract<Control, { kind: 'steer' }>): void {
    if (this.#isCurrent(said)) this.#current?.mailbox.put({ id: said.id, text: said.text });
    else if (this.#lastDone?.job !== said.job || this.#lastDone.lease < said.lease)
      this.#early = [...this.#early, said].slice(-steerLimits.messages);
  }

  #keepSpare(permissionMode: PermissionMode | undefined): void {
    this.#spare = permissionMode;
    this.plan.engine.keepSpare?.(permissionMode);
  }

  #limitDrain(limitMs: number): void {
    const by = this.plan.clock.monotonic() + limitMs;
    if (by >= this.#drainBy) return;
    this.#drainBy = by;
    clearTimeout(this.#drainTimer);
    this.#drainTimer = setTimeout(() => this.#current?.stop.abort('drain' satisfies StopReason), limitMs);
  }

  async #leave(): Promise<void> {
    const { line, engine } = this.plan;
    void line.say({ kind: 'phase', phase: 'draining' });
    // Between two jobs nothing is awaited: what is being prepared is not needed any more.
    if (!this.#current && !this.#keeping) await engine.kill();
    await line.stopTaking();
    clearTimeout(this.#drainTimer);
    clearTimeout(this.#holdTimer);
    clearInterval(this.#heart);
    this.#screen?.close();
    await engine.kill();
    await line.close();
    this.#goneNow();
  }

  /** What shows the terminal, where the engine has one and somebody may look. */
  #screenOf({ engine, line, clock }: WorkerPlan): ScreenShow | undefined {
    if (!engine.screen || !line.show) return undefined;
    const look = async (): Promise<Pick<WorkerScreen, 'text' | 'job'>> => {
      const before = this.#shown;
      const text = hiddenScreen((await engine.screen?.()) ?? '', this.#hide);
      return { text, job: this.#shown ?? before };
    };
    return new ScreenShow({ look, show: async (screen) => line.show?.(screen), clock });
  }

  /** A leaving worker sends no report. */
  async #sayIdle(): Promise<void> {
    if (this.#leaving) return;
    const grant = this.#grant;
    const cold = this.#cold ? { cold: true } : {};
    const rssMb = await this.#rssMb();
    await this.plan.line.say({
      kind: 'phase',
      phase: 'idle',
      grant,
      rssMb,
      ...this.#lastDone,
      ...cold,
      ...this.#named,
    });
  }

  get #named(): { readonly key?: string } {
    const { key } = this.plan;
    return key ? { key: key.publicKey } : {};
  }

  async #beat(): Promise<void> {
    this.#ownMb = residentMb();
    const rssMb = await this.#rssMb();
    const assignment = this.#current?.assignment;
    const isBusy = assignment !== undefined || this.#keeping || this.#hold.session !== undefined;
    const phase = this.#leaving ? 'draining' : isBusy ? 'busy' : 'idle';
    const held = assignment ? { job: assignment.job, lease: assignment.lease } : {};
    const { version } = this.plan.engine;
    const named = version === undefined ? {} : { claudeVersion: version };
    const { session } = this.#hold;
    const waits = session === undefined || assignment || this.#keeping ? {} : { session };
    const spare = this.plan.engine.keepSpare ? ({ spare: this.#spare ?? 'none' } as const) : {};
    await this.plan.line.say({
      kind: 'heartbeat',
      phase,
      rssMb,
      ...named,
      ...held,
      ...waits,
      ...spare,
      ...this.#named,
    });
  }

  /** Resident memory of this process, at its last heartbeat, and of the engine's, in MiB. */
  async #rssMb(): Promise<number> {
    return this.#ownMb + ((await this.plan.engine.memoryMb()) ?? 0);
  }
}

const newToken = (): string => randomBytes(24).toString('base64url');

const residentMb = (): number => process.memoryUsage.rss() / 1_048_576;
