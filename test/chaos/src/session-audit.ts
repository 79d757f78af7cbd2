import type { SessionEvent } from '@remuda/domain';
import type { SessionEventPageView } from '@remuda/protocol';
import type { ChaosCluster } from './cluster.js';

/** A session of the run, and its whole stream. */
export interface SeenSession {
  readonly id: string;
  readonly events: readonly SessionEvent[];
}

const pageSize = 1_000;
const answerMs = 30_000;

/** Reads the streams of all sessions, as a client does. */
export async function seeSessions(cluster: ChaosCluster, ids: Iterable<string>): Promise<readonly SeenSession[]> {
  const [client] = cluster.clients;
  const seen: SeenSession[] = [];
  for (const id of ids) {
    const events: SessionEvent[] = [];
    for (let after = '0'; ;) {
      const path = `/api/v1/sessions/${id}/events?format=json&limit=${String(pageSize)}&after=${after}`;
      const answer = await fetch(`${client?.url ?? ''}${path}`, { signal: AbortSignal.timeout(answerMs) });
      // Redis has lost it with its last second: then nothing of it was answered.
      if (answer.status === 404) break;
      const page = (await answer.json()) as SessionEventPageView;
      if (page.events.length === 0) break;
      events.push(...page.events);
      after = page.next;
    }
    seen.push({ id, events });
  }
  return seen;
}

/** Places where a session's stream skips a turn or an event without saying so, or counts back. */
export function holesOfSession({ events }: SeenSession): readonly string[] {
  const holes: string[] = [];
  let [turn, last, isOver] = [0, 0, true];
  for (const { id, turn: number, event } of events) {
    const begins = number === turn + 1 && isOver;
    if (number !== turn && !begins) holes.push(`turn ${String(number)} comes after ${String(turn)}, at ${id}`);
    if (number !== turn) [turn, last, isOver] = [number, 0, false];
    if (event.id !== last + 1 && event.type !== 'stream.gap') holes.push(`${id} comes after ${String(last)}`);
    last = event.id;
    isOver ||= event.type === 'job.over';
  }
  return holes;
}

/** Turns that were given to a worker before the one before them was over, by the times in their events. */
export function overlapsOf({ events }: SeenSession): readonly string[] {
  const overlaps: string[] = [];
  let overAt = 0;
  let under: number | undefined;
  for (const { turn, event } of events) {
    if (event.type === 'job.assigned') {
      if (event.at < overAt || (under !== undefined && under !== turn))
        overlaps.push(`turn ${String(turn)} was assigned while the one before was under way`);
      under = turn;
    }
    if (event.type !== 'job.over') continue;
    overAt = event.at;
    under = undefined;
  }
  return overlaps;
}
