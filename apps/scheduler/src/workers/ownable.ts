/**
 * How long a worker on another engine is left to the schedulers that see its container, in ms: if none has taken it by
 * then, there is none any more, and its job would wait for ever.
 */
export const foreignMs = 60_000;

/** Where a worker's container is. Earlier releases did not record it. */
export interface Placed {
  readonly engine?: string | undefined;
}

/** What decides which workers a scheduler may take. */
export interface Viewpoint {
  /** Name of the engine whose containers it sees. */
  readonly engine: string;
  /** Workers on other engines without an owner, and since when. Times are of the monotonic clock, in ms. */
  readonly left: ReadonlyMap<string, number>;
  readonly now: number;
}

/** Whether a worker's container is on the engine with this name. */
export function onEngine(worker: Placed | undefined, engine: string): boolean {
  return worker?.engine === undefined || worker.engine === engine;
}

/**
 * Of workers without an owner, those that a scheduler may take: on its engine, or left alone on another one for too
 * long. Pure.
 */
export function ownableOf(
  free: readonly (Placed & { readonly id: string })[],
  { engine, left, now }: Viewpoint,
): { readonly ids: ReadonlySet<string>; readonly left: ReadonlyMap<string, number> } {
  const foreign = free.filter((worker) => !onEngine(worker, engine));
  const since = new Map(foreign.map(({ id }) => [id, left.get(id) ?? now]));
  const ids = free.map(({ id }) => id).filter((id) => now - (since.get(id) ?? -Infinity) >= foreignMs);
  return { ids: new Set(ids), left: since };
}
