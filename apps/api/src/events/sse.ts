import type { JobEvent } from '@remuda/domain';

/** How often a quiet stream shows that it lives, in ms: proxies cut connections that are silent for longer. */
export const heartbeatMs = 15_000;

/** An event as Server-Sent Events has it. JSON holds no line break, so one `data` line does. */
export function formatEvent(event: JobEvent): string {
  return `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/**
 * A stream of events as text, a batch at a time, with a comment whenever it is quiet for `beatMs`. Pulls the next batch
 * only when the last one was taken.
 */
export async function* sseChunks(batches: AsyncIterable<readonly JobEvent[]>, beatMs: number): AsyncGenerator<string> {
  yield 'retry: 1000\n\n';
  const iterator = batches[Symbol.asyncIterator]();
  let next = iterator.next();
  for (;;) {
    const got = await withinBeat(next, beatMs);
    if (got === undefined) {
      yield ': still here\n\n';
      continue;
    }
    if (got.done === true) return;
    yield got.value.map(formatEvent).join('');
    next = iterator.next();
  }
}

async function withinBeat<T>(next: Promise<T>, beatMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const beat = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      resolve(undefined);
    }, beatMs);
  });
  try {
    return await Promise.race([next, beat]);
  } finally {
    clearTimeout(timer);
  }
}
