import { PassThrough } from 'node:stream';
import { httpStatus, statusOf } from '../api-fault.js';
import type { Kubernetes } from '../connection.js';
import { seenPod, type RawPod, type SeenPod } from './seen-pod.js';

/** A message of a watch. A bookmark only contains the current revision. */
export type PodEvent =
  | { readonly kind: 'seen' | 'gone'; readonly pod: SeenPod; readonly resourceVersion: string }
  | { readonly kind: 'bookmark'; readonly resourceVersion: string };

/** The revision at which a watch should begin is no longer kept: the pods must be listed again. */
export class RevisionGone extends Error {}

/** The format of the API server's messages in a watch. */
interface RawEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: RawPod & { readonly code?: number; readonly message?: string };
}

/** The API server ends a watch after this time, in s; it is then reopened. */
const watchSeconds = 290;

/** Watches of the pods of one namespace. */
export class PodWatchClient {
  constructor(private readonly kubernetes: Kubernetes) {}

  /**
   * Yields the changes of the selected pods since a revision, as they happen, until the server or the signal ends it.
   * Throws `RevisionGone` if the revision is too old, and the client's error if the connection fails.
   */
  async *open(labelSelector: string, resourceVersion: string, signal: AbortSignal): AsyncGenerator<PodEvent> {
    const { watch, namespace } = this.kubernetes;
    const events = new PassThrough({ objectMode: true });
    // The reader below throws it; before it reads, nobody else listens.
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

/** A revision that is too old may also be refused at once. */
function asError(error: unknown): Error {
  if (statusOf(error) === httpStatus.gone) return new RevisionGone('the revision has expired');
  return error instanceof Error ? error : new Error(String(error));
}
