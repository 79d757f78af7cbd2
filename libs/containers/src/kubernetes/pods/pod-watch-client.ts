import { PassThrough } from 'node:stream';
import { httpStatus, statusOf } from '../api-fault.js';
import type { Kubernetes } from '../connection.js';
import { seenPod, type RawPod, type SeenPod } from './seen-pod.js';

/** What a watch tells. A bookmark only says how far it has come. */
export type PodEvent =
  | { readonly kind: 'seen' | 'gone'; readonly pod: SeenPod; readonly resourceVersion: string }
  | { readonly kind: 'bookmark'; readonly resourceVersion: string };

/** The revision that a watch was to begin at is no longer kept: what is there has to be listed anew. */
export class RevisionGone extends Error {}

/** What the API server writes into a watch. */
interface RawEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: RawPod & { readonly code?: number; readonly message?: string };
}

/** After this time, in s, the API server ends a watch by itself; it is then opened again. */
const watchSeconds = 290;

/** Watches of the pods of one namespace. */
export class PodWatchClient {
  constructor(private readonly kubernetes: Kubernetes) {}

  /**
   * What happened to the selected pods since a revision, and goes on happening, until the server or the signal ends it. Throws
   * `RevisionGone` where the revision is too old, and what the client threw where the connection fails.
   */
  async *open(labelSelector: string, resourceVersion: string, signal: AbortSignal): AsyncGenerator<PodEvent> {
    const { watch, namespace } = this.kubernetes;
    const events = new PassThrough({ objectMode: true });
    // The reader below throws it; until it reads, nobody else listens.
    events.on('error', () => undefined);
    const query = { labelSelector, resourceVersion, allowWatchBookmarks: true, timeoutSeconds: watchSeconds };
    const controller = await watch.watch(
      `/api/v1/namespaces/${namespace}/pods`,
      query,
      (type: string, object: unknown) => events.write({ type, object }),
      (error: unknown) => (error ? events.destroy(asError(error)) : events.end()),
    );
    const end = (): void => {
      controller.abort();
    };
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    try {
      for await (const event of events) yield podEvent(event as RawEvent);
    } finally {
      signal.removeEventListener('abort', end);
      end();
    }
  }
}

function podEvent({ type, object }: RawEvent): PodEvent {
  const resourceVersion = object.metadata?.resourceVersion ?? '';
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
      return { kind: 'seen', pod: seenPod(object), resourceVersion };
    case 'DELETED':
      return { kind: 'gone', pod: seenPod(object), resourceVersion };
    case 'BOOKMARK':
      return { kind: 'bookmark', resourceVersion };
    case 'ERROR':
      if (object.code === httpStatus.gone) throw new RevisionGone(object.message);
      throw new Error(`the watch ended: ${object.message ?? 'no reason given'}`);
    default:
      throw new Error(`a watch tells of ${String(type satisfies never)}`);
  }
}

/** A revision that is too old may be refused at once as well. */
function asError(error: unknown): Error {
  if (statusOf(error) === httpStatus.gone) return new RevisionGone('the revision has expired');
  return error instanceof Error ? error : new Error(String(error));
}
