import type { RuntimeLog } from '../runtime-log.js';
import { AccessClient } from './access-client.js';
import type { Kubernetes } from './connection.js';
import { clusterSelector } from './labels.js';
import { PodClient } from './pods/pod-client.js';
import type { PodLimits } from './pods/pod-end.js';
import { PodEnds } from './pods/pod-ends.js';
import { PodFeed } from './pods/pod-feed.js';
import { PodWatchClient } from './pods/pod-watch-client.js';
import { SecretClient } from './secret-client.js';
import { TokenClient } from './enrolment/token-client.js';

/** All connections of one runtime object with the API server. */
export interface ClusterSide {
  readonly access: AccessClient;
  readonly pods: PodClient;
  readonly secrets: SecretClient;
  readonly tokens: TokenClient;
  /** Addresses and names. */
  readonly namespace: string;
  readonly feed: PodFeed;
  readonly ends: PodEnds;
  close(): Promise<void>;
}

/** Wires the clients and the pod feed together; sends no request yet. */
export function openSide(
  kubernetes: Kubernetes,
  { cluster, limits, log }: { readonly cluster: string; readonly limits: PodLimits; readonly log: RuntimeLog },
): ClusterSide {
  const pods = new PodClient(kubernetes, log);
  const watches = new PodWatchClient(kubernetes);
  const feed = new PodFeed({ pods, watches, labelSelector: clusterSelector(cluster), log });
  const ends = new PodEnds({ pods, limits, log });
  feed.listen((change) => {
    ends.take(change);
  });
  return {
    access: new AccessClient(kubernetes, log),
    secrets: new SecretClient(kubernetes, log),
    tokens: new TokenClient(kubernetes, log),
    namespace: kubernetes.namespace,
    ...{ pods, feed, ends },
    close: async () => {
      ends.close();
      await feed.close();
    },
  };
}
