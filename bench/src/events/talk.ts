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

/** About as much as a model says in one delta; the number shows whether one was lost. */
export function eventText(n: number): string {
  return `${n} and a few words more, as a model would say`;
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
