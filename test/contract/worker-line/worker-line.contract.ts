import type { Assignment, Control, NewEvent } from '@remuda/domain';
import type { WorkerDuties, WorkerLine, WorkerReport } from '@remuda/protocol';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

/** One worker's line, and its other end. */
export interface LineHarness {
  readonly line: WorkerLine;
  /** Gives the worker a job with this prompt, as its scheduler does. */
  assign(job: string, prompt: string): Promise<void>;
  control(control: Control): Promise<void>;
  /** All that the worker said, in its order. */
  heard(): Promise<readonly WorkerReport[]>;
  close(): Promise<void>;
}

/** Duties that note what they are given, and let a job go when the test says so. */
class Noted implements WorkerDuties {
  readonly begun: Assignment[] = [];
  readonly controls: Control[] = [];
  readonly #ends = new Map<string, () => void>();

  carryOut(assignment: Assignment): Promise<void> {
    this.begun.push(assignment);
    return new Promise((resolve) => this.#ends.set(assignment.job, resolve));
  }

  async refuse(): Promise<void> {
    // All are understood.
  }

  onControl(control: Control): void {
    this.controls.push(control);
  }

  async began(job: string): Promise<Assignment> {
    return vi.waitFor(
      () => {
        const found = this.begun.find((each) => each.job === job);
        if (!found) throw new Error(`${job} has not begun`);
        return found;
      },
      { timeout: 20_000 },
    );
  }

  end(job: string): void {
    this.#ends.get(job)?.();
  }
}

const text = (said: string): NewEvent => ({ type: 'message.text', at: 1, data: { text: said } });

/** The texts of the events that were heard, in their order. */
const textsIn = (heard: readonly WorkerReport[]): readonly string[] =>
  heard
    .flatMap((report) => (report.kind === 'events' ? report.events : []))
    .flatMap((event) => (event.type === 'message.text' ? [event.data.text] : []));

/** What every keeper of the WorkerLine port promises. */
export function workerLineContract(name: string, make: () => Promise<LineHarness>): void {
  describe(`${name}, as a worker's line`, () => {
    let harness: LineHarness;
    let line: WorkerLine;
    let duties: Noted;
    beforeEach(async () => {
      harness = await make();
      ({ line } = harness);
      duties = new Noted();
      await line.probe();
    });
    afterEach(() => harness.close());

    test('assignments are carried out one at a time, in the order in which they were given', async () => {
      await harness.assign('j-1', 'first');
      line.open(duties);
      expect(await duties.began('j-1')).toMatchObject({ attempt: 1, lease: 1, spec: { prompt: 'first' } });
      await harness.assign('j-2', 'second');
      // For so long as it takes to hear of other things, the second one has not begun.
      for (let lease = 1; lease <= 5; lease++) {
        await harness.control({ kind: 'cancel', job: 'j-0', lease });
        await vi.waitFor(() => expect(duties.controls).toHaveLength(lease), { timeout: 20_000 });
      }
      expect(duties.begun).toHaveLength(1);
      duties.end('j-1');
      expect(await duties.began('j-2')).toMatchObject({ spec: { prompt: 'second' } });
      duties.end('j-2');
      expect(duties.begun).toHaveLength(2);
    });

    test('a control message is heard while an assignment is carried out', async () => {
      line.open(duties);
      await harness.assign('j-1', 'first');
      await duties.began('j-1');
      const cancel = { kind: 'cancel', job: 'j-1', lease: 1 } as const;
      await harness.control(cancel);
      await vi.waitFor(() => expect(duties.controls).toEqual([cancel]), { timeout: 20_000 });
      duties.end('j-1');
    });

    test('one that was said before the line was open is heard then', async () => {
      await harness.control({ kind: 'drain', limitMs: 5 });
      line.open(duties);
      await vi.waitFor(() => expect(duties.controls).toEqual([{ kind: 'drain', limitMs: 5 }]), { timeout: 20_000 });
    });

    test('nothing is taken any more once that was said, and what is under way is waited for', async () => {
      line.open(duties);
      await harness.assign('j-1', 'first');
      await duties.began('j-1');
      await harness.assign('j-2', 'second');
      let stopped = false;
      const stop = line.stopTaking().then(() => (stopped = true));
      await new Promise((resolve) => setImmediate(resolve));
      expect(stopped).toBe(false);
      duties.end('j-1');
      await stop;
      expect(duties.begun.map(({ job }) => job)).toEqual(['j-1']);
    });

    test('what is said arrives in its order, events between reports', async () => {
      const started = { kind: 'started', job: 'j-1', lease: 1, at: 7 } as const;
      line.sayStarted(started, 0);
      line.tell('j-1', 1, text('a'), 1);
      line.tell('j-1', 1, text('b'), 2);
      const outcome = { kind: 'failed', failure: { code: 'internal', message: 'no' } } as const;
      await line.say({ kind: 'outcome', job: 'j-1', lease: 1, outcome });
      line.tell('j-2', 2, text('c'), 3);
      await line.close();
      const heard = await harness.heard();
      expect(heard[0]).toEqual(started);
      expect(textsIn(heard)).toEqual(['a', 'b', 'c']);
      const kinds = heard.map(({ kind }) => kind).filter((kind, i, all) => kind !== all[i - 1]);
      expect(kinds).toEqual(['started', 'events', 'outcome', 'events']);
    });

    test('all that was said has arrived when it is closed', async () => {
      for (let i = 0; i < 100; i++) line.tell('j-1', 1, text(String(i)), i);
      void line.say({ kind: 'phase', phase: 'gone' });
      await line.close();
      const heard = await harness.heard();
      expect(textsIn(heard)).toEqual(Array.from({ length: 100 }, (_, i) => String(i)));
      expect(heard.at(-1)).toEqual({ kind: 'phase', phase: 'gone' });
    });
  });
}
