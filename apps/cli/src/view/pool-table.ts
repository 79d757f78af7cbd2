import type { Pool } from '@remuda/client';

/** What a table has of pools. */
export const poolTitles = [
  'profile',
  'warm',
  'idle',
  'busy',
  'starting',
  'most',
  'spare',
  'waiting',
  'delayed',
  'running',
];

/** A pool in it. */
export const poolRow = ({ profile, warm, workers, max, spare, waiting, delayed, running }: Pool): readonly string[] =>
  [
    profile,
    warm,
    workers['idle'] ?? 0,
    workers['busy'] ?? 0,
    workers['starting'] ?? 0,
    max,
    spare?.permissionMode ?? 'none',
    waiting,
    delayed,
    running,
  ].map(String);

/** Why a pool does less than it might: halts, starts that fail, and what new workers wait for. */
export function reasonsOf({ halts, starts }: Pick<Pool, 'halts' | 'starts'>): readonly string[] {
  return [
    ...halts.map(({ kind, reason }) => `${kind}: ${reason}`),
    ...(starts?.failure === undefined ? [] : [`${starts.failed} starts failed: ${starts.failure}`]),
    ...(starts?.waits ?? []).map(({ workers, message }) => `${workers} starting workers wait: ${message}`),
  ];
}
