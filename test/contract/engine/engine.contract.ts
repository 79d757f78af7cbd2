import type { Engine, NewEvent, Turn, TurnEnd } from '@remuda/domain';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** One engine that is not warm yet, and prompts that lead it where a test wants it. */
export interface EngineHarness {
  readonly engine: Engine;
  /** A prompt that is answered with this text. */
  answered(text: string): string;
  /** A prompt whose turn does not end by itself; `begun` resolves when it is under way. */
  endless(): { readonly prompt: string; readonly begun: Promise<void> };
  /** A prompt that the model refuses. */
  refused(): string;
  close(): Promise<void>;
}

/** What every keeper of the Engine port promises. */
export function engineContract(name: string, make: () => Promise<EngineHarness>): void {
  describe(`${name}, as an engine`, () => {
    let harness: EngineHarness;
    let engine: Engine;
    beforeEach(async () => {
      harness = await make();
      ({ engine } = harness);
    });
    afterEach(() => harness.close());

    /** Carries out a turn; what it tells of after its end counts as told too. */
    const run = async (
      prompt: string,
      own: Partial<Turn> = {},
      signal = new AbortController().signal,
    ): Promise<{ readonly end: TurnEnd; readonly events: readonly NewEvent[]; readonly late: () => number }> => {
      const events: NewEvent[] = [];
      const turn = { prompt, deltas: false, bridgeToken: 'job-token', env: {}, ...own };
      const end = await engine.turn(turn, (event) => void events.push(event), signal);
      const inTime = [...events];
      return { end, events: inTime, late: () => events.length - inTime.length };
    };

    test('is made warm once, however often that is asked for', async () => {
      await engine.warm('job-token');
      await engine.warm('other-token');
      expect((await run(harness.answered('one'))).end).toMatchObject({ kind: 'succeeded', result: { text: 'one' } });
    });

    test('carries out a turn, told from its session to its end, and another one after a reset', async () => {
      await engine.warm('job-token');
      const first = await run(harness.answered('one'));
      expect(first.end).toMatchObject({ kind: 'succeeded', result: { text: 'one' } });
      expect(first.events.at(0)?.type).toBe('session.started');
      expect(first.events.at(-1)?.type).toBe('turn.ended');
      await engine.reset('job-token');
      expect((await run(harness.answered('two'), { freshFiles: true })).end).toMatchObject({ result: { text: 'two' } });
      expect(first.late()).toBe(0);
    });

    test('ends a turn that is interrupted, says nothing of it afterwards, and goes on after a reset', async () => {
      await engine.warm();
      const abort = new AbortController();
      const { prompt, begun } = harness.endless();
      const running = run(prompt, {}, abort.signal);
      await begun;
      abort.abort();
      const { end, late } = await running;
      expect(end.kind).toBe('interrupted');
      await engine.reset();
      expect((await run(harness.answered('again'))).end).toMatchObject({
        kind: 'succeeded',
        result: { text: 'again' },
      });
      expect(late()).toBe(0);
    });

    test('begins no turn that was interrupted before', async () => {
      await engine.warm();
      const { end, events } = await run(harness.answered('never'), {}, AbortSignal.abort());
      expect(end).toEqual({ kind: 'interrupted' });
      expect(events).toEqual([]);
    });

    test("gives a model's refusal as the end of the turn, and rejects for nothing that the agent does", async () => {
      await engine.warm();
      const { end } = await run(harness.refused());
      expect(end.kind === 'failed' && end.failure.code).toMatch(/^model\./);
    });

    test('can be asked for its memory and ended at any time, also before it was warm', async () => {
      expect([undefined, 'number']).toContain(typeof (await engine.memoryMb()) === 'number' ? 'number' : undefined);
      await engine.endRest();
      await engine.kill();
      await engine.kill();
    });
  });
}
