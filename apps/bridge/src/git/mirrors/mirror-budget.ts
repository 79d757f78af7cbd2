/** What of a mirror decides whether it stays. */
export interface KeptMirror {
  readonly name: string;
  readonly bytes: number;
  /** When it was last used; the larger, the later. */
  readonly usedAt: number;
  readonly inUse: boolean;
}

/** Which mirrors are to go so that all together take no more than `maxBytes`: those that were used the longest time ago, none in use. */
export function mirrorsOverBudget(mirrors: readonly KeptMirror[], maxBytes: number): readonly string[] {
  let bytes = mirrors.reduce((sum, mirror) => sum + mirror.bytes, 0);
  const gone: string[] = [];
  for (const mirror of mirrors.filter(({ inUse }) => !inUse).sort((a, b) => a.usedAt - b.usedAt)) {
    if (bytes <= maxBytes) break;
    bytes -= mirror.bytes;
    gone.push(mirror.name);
  }
  return gone;
}
