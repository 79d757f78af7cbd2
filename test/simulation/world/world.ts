import { Agenda, type Appointment } from './agenda.js';
import { Random } from './random.js';

/** One program on one machine: it can be frozen, it can die at any moment, and its clock may be wrong. */
export interface Program {
  readonly name: string;
  alive: boolean;
  /** Frozen (SIGSTOP) until then; what comes meanwhile waits. */
  frozenUntil: number;
  /** Its clock's error in ms. */
  skew: number;
  /** What happens outside of it when it dies. */
  readonly onDeath: (() => void)[];
}

interface Event extends Appointment {
  /** Whose code runs; without one it's something that happens outside of all programs. */
  readonly program: Program | undefined;
  cancelled: boolean;
  /** It came while its program was frozen. */
  late?: boolean;
}

/**
 * Runs ticks and promises until nothing of them is left, as Node does after each callback. Its one public way, a tick behind a
 * promise, costs both for each event.
 */
const runPromises = (process as unknown as { _tickCallback: () => void })._tickCallback;

/** Where simulated time begins, epoch ms. */
export const beginning = 1_700_000_000_000;

/**
 * Time, chance and the programs of one run. Everything that happens is an event here; between two events the promises
 * of the program that was woken run until nothing of it is left to do. So one seed gives one order of things.
 */
export class World {
  now = beginning;
  /** The program whose code runs at the moment. */
  current: Program | undefined;
  /** What can't be, where it was. */
  broken: string | undefined;
  /** Events so far. */
  steps = 0;
  readonly random: Random;
  readonly programs: Program[] = [];
  /** What is said about the run, where somebody listens. */
  tell: ((line: string) => void) | undefined;
  /** Called when the program's code has come to rest. */
  readonly atRest: (() => void)[] = [];
  readonly #agenda = new Agenda<Event>();
  #order = 0;
  #named = 0;

  constructor(readonly seed: number) {
    this.random = new Random(seed);
  }

  /** Bytes that nothing else in this run has: names and secrets need no more here, and so a run reads the same each time. */
  ownBytes(size: number): Buffer {
    const bytes = Buffer.alloc(size);
    bytes.writeUInt32BE(++this.#named, 0);
    return bytes;
  }

  /** A UUID that nothing else in this run has. */
  ownUuid(): string {
    return `00000000-0000-4000-8000-${String(++this.#named).padStart(12, '0')}`;
  }

  /** Starts a program; its code runs inside of `begin`. */
  start(name: string, begin: (program: Program) => void): Program {
    const program: Program = { name, alive: true, frozenUntil: 0, skew: 0, onDeath: [] };
    this.programs.push(program);
    this.after(0, program, () => begin(program));
    return program;
  }

  /** Ends a program at once: nothing of it ever runs again. */
  kill(program: Program): void {
    if (!program.alive) return;
    program.alive = false;
    this.tell?.(`${program.name} is gone`);
    const at = this.programs.indexOf(program);
    if (at >= 0) this.programs.splice(at, 1);
    for (const act of program.onDeath) act();
  }

  /** Something that happens `ms` from now, in the program or outside of all. */
  after(ms: number, program: Program | undefined, act: () => void): Event {
    return this.#add(this.now + Math.max(0, ms), program, act);
  }

  #add(at: number, program: Program | undefined, act: () => void): Event {
    const event: Event = { at, order: ++this.#order, program, act, cancelled: false };
    this.#agenda.add(event);
    return event;
  }

  /** Ends the world: nothing happens any more, and nobody looks on. */
  end(): void {
    this.#agenda.clear();
    this.programs.length = 0;
    this.atRest.length = 0;
  }

  /** The time of the next event. */
  nextAt(): number {
    return this.#agenda.peek()?.at ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Lets events happen while `goesOn` and there are any. After one of a program its promises run until nothing of it is left
   * to do; what happens outside of all programs needs no waiting.
   */
  play(goesOn: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      // Not from within a promise: until it has run, no others would.
      setImmediate(() => {
        try {
          while (this.#playOn(goesOn)) {
            runPromises();
            for (const act of this.atRest) act();
            this.current = undefined;
          }
          resolve();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }

  /** Lets events happen up to one of a program, whose promises are to run; false where it's over. */
  #playOn(goesOn: () => boolean): boolean {
    while (goesOn()) {
      const event = this.#next();
      if (!event) return false;
      this.steps++;
      this.current = event.program;
      event.act();
      if (event.program) return true;
    }
    return false;
  }

  /** What comes to a frozen program happens when it goes on, in the order in which it came. */
  #postpone(event: Event, until: number): void {
    event.at = until;
    if (event.late !== true) event.order = ++this.#order;
    event.late = true;
    this.#agenda.add(event);
  }

  #next(): Event | undefined {
    for (;;) {
      const event = this.#agenda.take();
      if (!event) return undefined;
      const { program } = event;
      if (event.cancelled || program?.alive === false) continue;
      if (event.at > this.now) this.now = event.at;
      if (!program || program.frozenUntil <= this.now) return event;
      this.#postpone(event, program.frozenUntil);
    }
  }
}
