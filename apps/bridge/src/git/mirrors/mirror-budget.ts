/** What decides whether a mirror is kept. */
export interface KeptMirror {
  readonly name: string;
  readonly bytes: number;
  /** When it was last used; larger is later. */
  readonly usedAt: number;
  readonly inUse: boolean;
}

/** Mirrors to remove so that all together use at most `maxBytes`: the least recently used ones, none in use. */
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
