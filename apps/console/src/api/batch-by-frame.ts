/** Hands events on together, once a frame: 1,000 of them are a few renderings. */
export function batchByFrame<E>(take: (events: readonly E[]) => void): {
  readonly add: (event: E) => void;
  readonly flush: () => void;
} {
  let [events, frame]: [E[], number | undefined] = [[], undefined];
  const flush = (): void => {
    if (frame !== undefined) cancelAnimationFrame(frame);
    frame = undefined;
    const taken = events;
    events = [];
    if (taken.length > 0) take(taken);
  };
  return {
    add: (event) => {
      events.push(event);
      frame ??= requestAnimationFrame(flush);
    },
    flush,
  };
}
