import { setTimeout as sleep } from 'node:timers/promises';
import { isRecord } from '@remuda/protocol';

/** How fast and for how long one job talks. */
export interface Talk {
  readonly perSecond: number;
  readonly forMs: number;
}

/** Whether a value, read from a prompt, is one. */
export function isTalk(value: unknown): value is Talk {
  return isRecord(value) && typeof value['perSecond'] === 'number' && typeof value['forMs'] === 'number';
}

/** Events in one talk. */
export function eventsIn({ perSecond, forMs }: Talk): number {
  return Math.round((perSecond * forMs) / 1_000);
}

const words = (
  'the of and to in is that it for on are as with be this have from or by not what all were when can there use an each ' +
  'which do how their if will other about many then them these so would make like into time has two more write go number ' +
  'see way could people file test error function value return queue worker result change read line first run check'
).split(' ');

/**
 * About as much as a model says in one delta; the number shows whether one was lost. The words are as good as any: what repeats itself
 * would be packed to nothing.
 */
export function eventText(n: number): string {
  let chance = Math.imul(n + 1, 2_654_435_761) >>> 0;
  let text = String(n);
  while (text.length < 45) {
    chance = (Math.imul(chance, 1_664_525) + 1_013_904_223) >>> 0;
    text += ` ${words[(chance >>> 16) % words.length] ?? ''}`;
  }
  return text;
}

/** At 200 events/s each comes by itself. */
const tickMs = 5;

/** Calls back for each event, numbered from 0, at its time; who comes late says at once what is due. */
export async function talk(plan: Talk, say: (n: number) => void): Promise<void> {
  const began = performance.now();
  const all = eventsIn(plan);
  for (let n = 0; n < all;) {
    const due = Math.min(all, Math.floor(((performance.now() - began) * plan.perSecond) / 1_000));
    while (n < due) say(n++);
    if (n < all) await sleep(tickMs);
  }
}
