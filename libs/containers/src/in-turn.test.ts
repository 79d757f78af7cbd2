import { describe, expect, it } from 'vitest';
import { InTurn } from './in-turn.js';

describe('InTurn', () => {
  it('begins an act on a name when the one before it has ended, well or not', async () => {
    const inTurn = new InTurn();
    const steps: string[] = [];
    const act =
      (name: string, fails = false) =>
      async () => {
        steps.push(`${name} begins`);
        await Promise.resolve();
        steps.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const all = await Promise.allSettled([inTurn.run('w', act('a', true)), inTurn.run('w', act('b'))]);
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('lets acts on other names pass', async () => {
    const inTurn = new InTurn();
    const stuck = inTurn.run('w', () => new Promise<void>(() => undefined));
    expect(await inTurn.run('other', () => Promise.resolve('passed'))).toBe('passed');
    void stuck;
  });
});
