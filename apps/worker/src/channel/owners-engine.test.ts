import type { Engine, Turn } from '@remuda/domain';
import { expect, test } from 'vitest';
import { OwnersEngine, type OwnersParts } from './owners-engine.js';

/** An engine that notes what it is asked for, and begins the session `s-1` with each turn. */
function noting() {
  const asked: string[] = [];
  const during: (() => void)[] = [];
  const engine: Engine = {
    warm: (token) => Promise.resolve(void asked.push(`warm ${String(token)}`)),
    resume: (session, turn) => Promise.resolve(void asked.push(`resume ${session} ${(turn as Turn).bridgeToken}`)),
    turn: ({ bridgeToken }, onEvent) => {
      asked.push(`turn ${bridgeToken}`);
      for (const look of during.splice(0)) look();
      onEvent({ type: 'session.started', at: 1, data: { sessionId: 's-1', model: 'm', tools: [] } } as never);
      return Promise.resolve({ kind: 'interrupted' });
    },
    endRest: () => Promise.resolve(undefined),
    memoryMb: () => Promise.resolve(1),
    reset: (token) => Promise.resolve(void asked.push(`reset ${String(token)}`)),
    kill: () => Promise.resolve(),
  };
  return { engine, asked, during };
}

const signal = new AbortController().signal;
const turn = (bridgeToken: string): Turn => ({ prompt: 'x', deltas: false, env: {}, bridgeToken });

function owners(parts: Partial<OwnersParts> = {}, session?: string) {
  const { engine, asked, during } = noting();
  const written: string[] = [];
  const memory = {
    read: () => Promise.resolve(session),
    write: (id: string) => Promise.resolve(void written.push(id)),
  };
  const usual = {
    after: 'continue',
    steady: false,
    now: () => 1,
    revive: () => Promise.resolve(),
    giveUp: () => undefined,
  } as const;
  return { own: new OwnersEngine({ engine, memory, ...usual, ...parts }), asked, during, written };
}

test("a turn's token is good while the turn runs, and the conversation is kept", async () => {
  const { own, asked, during, written } = owners();
  await own.warm('a');
  expect(own.admits('a')).toBe(false);
  during.push(() => {
    expect(own.admits('a')).toBe(true);
    expect(own.admits('b')).toBe(false);
    expect(own.admits(undefined)).toBe(false);
  });
  await own.turn(turn('a'), () => undefined, signal);
  expect(own.admits('a')).toBe(false);
  await own.reset('b');
  expect(asked).toEqual(['warm a', 'turn a', 'warm b']);
  expect(written).toEqual(['s-1']);
});

test('a terminal keeps its first token, which is good between turns too', async () => {
  const { own, asked } = owners({ steady: true });
  await own.warm('a');
  await own.turn(turn('b'), () => undefined, signal);
  await own.reset('c');
  expect(own.admits('a')).toBe(true);
  expect(own.admits('b')).toBe(false);
  expect(asked).toEqual(['warm a', 'turn a', 'warm a']);
});

test('a conversation of an earlier worker is resumed: for each turn by a process, once by a terminal', async () => {
  const stream = owners({}, 's-0');
  const terminal = owners({ steady: true }, 's-0');
  for (const { own } of [stream, terminal]) {
    await own.warm('a');
    for (const token of ['a', 'b']) await own.turn(turn(token), () => undefined, signal);
  }
  expect(stream.asked).toEqual(['warm a', 'resume s-0 a', 'turn a', 'resume s-1 b', 'turn b']);
  expect(terminal.asked).toEqual(['warm a', 'resume s-0 a', 'turn a', 'turn a']);
});

test('with `fresh` nothing is remembered', async () => {
  const { own, asked, written } = owners({ after: 'fresh' }, 's-0');
  await own.warm('a');
  await own.turn(turn('a'), () => undefined, signal);
  own.ended();
  await own.reset('b');
  await own.turn(turn('b'), () => undefined, signal);
  expect(asked).toEqual(['warm a', 'turn a', 'reset b', 'turn b']);
  expect(written).toEqual([]);
});
