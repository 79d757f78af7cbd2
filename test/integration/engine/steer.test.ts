import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventType, NewEvent, Steer, Steering, Turn } from '@remuda/domain';
import { script } from '@remuda/scripted-model';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isOlder } from './versions.js';
import { dataOf, typesOf, warmStable, type Ran, type Stabled } from './stable.js';

/** Somebody who says something to a turn when it comes to an event. */
class Speaker implements Steering {
  #hear: ((message: Steer) => void) | undefined;
  /** Whether the turn still hears. */
  get isHeard(): boolean {
    return this.#hear !== undefined;
  }

  attend(hear: (message: Steer) => void): () => void {
    this.#hear = hear;
    return () => (this.#hear = undefined);
  }

  say(text: string, id: string = randomUUID()): void {
    this.#hear?.({ id, text });
  }
}

describe.skipIf(isOlder)('what is said to a turn while it runs', () => {
  let one: Stabled;
  beforeAll(async () => {
    one = await warmStable();
  });
  afterEach(async () => {
    await one.engine.reset();
    one.model.reset();
  });
  afterAll(() => one[Symbol.asyncDispose]());

  /** A bash step that waits for a file of this name in the workspace. */
  const waitFor = (file: string) => ({
    tools: [{ name: 'Bash', input: { command: `until [ -e ${file} ]; do sleep 0.02; done`, description: 'waits' } }],
  });
  const release = (file: string) => writeFile(join(one.workspace, file), '');

  async function turn(prompt: string, at: Partial<Record<EventType, () => unknown>>, own: Partial<Turn>): Promise<Ran> {
    const events: NewEvent[] = [];
    const seen = new Set<EventType>();
    const onEvent = (event: NewEvent): void => {
      events.push(event);
      if (seen.has(event.type)) return;
      seen.add(event.type);
      at[event.type]?.();
    };
    const asked = { prompt, deltas: true, bridgeToken: 'job-token', env: {}, ...own };
    return { end: await one.engine.turn(asked, onEvent, new AbortController().signal), events };
  }
  const said = (): string => JSON.stringify(one.model.lastMain?.messages);
  const mainRequests = (): number => one.model.requests.filter(({ main }) => main).length;

  it('is read at the next step while a tool runs, and belongs to the same turn', async () => {
    const steering = new Speaker();
    const at = {
      'tool.called': () => {
        steering.say('Use tabs.');
        steering.say('And no comments.');
        void release('go');
      },
    };
    const { end, events } = await turn(script(waitFor('go'), { text: 'fin' }), at, { steering });
    expect(end).toMatchObject({ kind: 'succeeded', result: { text: 'fin', turns: 2, usage: { outputTokens: 10 } } });
    expect(said()).toContain('Use tabs.');
    expect(said()).toContain('And no comments.');
    expect(mainRequests()).toBe(2);
    expect(dataOf(events, 'turn.steered').map(({ text }) => text)).toEqual(['Use tabs.', 'And no comments.']);
    expect(typesOf(events).indexOf('turn.steered')).toBeLessThan(typesOf(events).indexOf('tool.returned'));
  });

  it.each(['message.delta', 'message.text'] as const)(
    'is answered in the same turn if it comes with the last %s, and all answers are paid for',
    async (type) => {
      const steering = new Speaker();
      const plain = await one.run(script({ text: 'one answer' }));
      await one.engine.reset();
      const at = { [type]: () => steering.say(`Use tabs. ${script({ text: 'tabs then' })}`) };
      const { end, events } = await turn(script({ text: 'a b c d', chunkMs: 20 }), at, { steering });
      expect(end).toMatchObject({ kind: 'succeeded', result: { text: 'tabs then', turns: 2 } });
      expect(end.result?.usage.outputTokens).toBe(2 * plain.end.result!.usage.outputTokens);
      expect(end.result?.costUsd).toBeCloseTo(2 * plain.end.result!.costUsd, 9);
      expect(dataOf(events, 'message.text').map(({ text }) => text)).toEqual(['a b c d', 'tabs then']);
      expect(typesOf(events).filter((each) => each === 'turn.ended' || each === 'session.started')).toHaveLength(2);
      expect(steering.isHeard).toBe(false);
    },
  );

  it('waits for the turn that has not begun, and is no command even if it looks like one', async () => {
    const steering: Steering = {
      attend: (hear) => {
        hear({ id: randomUUID(), text: '/clear' });
        return () => undefined;
      },
    };
    const at = { 'tool.called': () => release('go2') };
    const { end } = await turn(`The word is heron. ${script(waitFor('go2'), { text: 'fin' })}`, at, { steering });
    expect(end).toMatchObject({ kind: 'succeeded' });
    expect(said()).toContain('heron');
    expect(said()).toContain(' /clear');
  });

  it('is not heard a second time under the same id', async () => {
    const steering = new Speaker();
    const id = randomUUID();
    const at = {
      'tool.called': () => {
        steering.say('Use tabs.', id);
        steering.say('Use tabs.', id);
        void release('go3');
      },
    };
    const { end } = await turn(script(waitFor('go3'), { text: 'fin' }), at, { steering });
    expect(end).toMatchObject({ kind: 'succeeded', result: { text: 'fin' } });
    expect(said().split('Use tabs.')).toHaveLength(2);
  });

  it('does not keep a turn alive that is interrupted', async () => {
    const steering = new Speaker();
    const stop = new AbortController();
    const onEvent = ({ type }: NewEvent): void => {
      if (type !== 'tool.called') return;
      steering.say('Use tabs.');
      stop.abort();
    };
    const asked = {
      prompt: script(waitFor('never'), { text: 'fin' }),
      deltas: false,
      bridgeToken: 'job-token',
      env: {},
    };
    const end = await one.engine.turn({ ...asked, steering }, onEvent, stop.signal);
    expect(end).toMatchObject({ kind: 'interrupted', ended: { processesLeft: 0 } });
  });
});

it.runIf(isOlder)('a version that does not say what it reads is told nothing, and a person sees why', async () => {
  await using one = await warmStable();
  const events: NewEvent[] = [];
  const steering: Steering = {
    attend: (hear) => {
      hear({ id: randomUUID(), text: 'Use tabs.' });
      return () => undefined;
    },
  };
  const asked = { prompt: script({ text: 'fin' }), deltas: false, bridgeToken: 'job-token', env: {}, steering };
  const end = await one.engine.turn(asked, (event) => void events.push(event), new AbortController().signal);
  expect(end).toMatchObject({ kind: 'succeeded', result: { text: 'fin' } });
  expect(dataOf(events, 'attempt.warned')[0]?.message).toContain('was not told');
  expect(typesOf(events)).not.toContain('turn.steered');
});
