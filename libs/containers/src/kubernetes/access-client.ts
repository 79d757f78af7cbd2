import { RemudaError } from '@remuda/domain';
import type { RuntimeLog } from '../runtime-log.js';
import { startFailed } from '../start-failed.js';
import { callApi } from './api-call.js';
import { missingRight, type Asked } from './api-fault.js';
import type { Kubernetes } from './connection.js';
import type { AccessReview } from './manifests.js';

/** A permission, in our namespace or in the whole cluster. */
export interface NeededRight extends Pick<Asked, 'verb' | 'resource'> {
  readonly scope: 'namespace' | 'cluster';
}

/** Where a runtime's pods come from. */
export interface PodSources {
  /** The scheduler creates some. */
  readonly made: boolean;
  /** Something else does, and they enrol. */
  readonly enrolled: boolean;
}

/** All permissions that this runtime needs; the manifests under `k8s` grant them, and a test compares the two. Pure. */
export function neededRights({ made, enrolled }: PodSources): readonly NeededRight[] {
  const ofPods = (['get', 'list', 'watch', 'patch', 'delete'] as const).map((verb) => own(verb, 'pods'));
  return [
    own('get', 'namespaces'),
    ...ofPods,
    own('get', 'pods/log'),
    ...(made ? [own('create', 'pods'), own('create', 'secrets')] : []),
    ...(enrolled ? [{ verb: 'create', resource: 'tokenreviews', scope: 'cluster' } as const] : []),
  ];
}

const own = (verb: Asked['verb'], resource: string): NeededRight => ({ verb, resource, scope: 'namespace' });

/** The API group of resources outside the core group. */
const groups: Readonly<Record<string, string>> = { tokenreviews: 'authentication.k8s.io' };

/** What is wrong has to be put right; a server that does not answer may do so before long. */
const codes = { code: 'container.start_failed', unanswered: 'runtime.unavailable' } as const;

/**
 * Our identity and permissions in our namespace. All calls reject with `runtime.unavailable` while the API server does not answer.
 */
export class AccessClient {
  constructor(
    private readonly kubernetes: Kubernetes,
    private readonly log: RuntimeLog,
  ) {}

  /** The namespace's uid, which is unique, in this cluster or elsewhere. Rejects with `container.start_failed`. */
  async namespaceUid(): Promise<string> {
    const { core, namespace } = this.kubernetes;
    const asked = { verb: 'get', resource: 'namespaces', namespace } as const;
    const act = () => core.readNamespace({ name: namespace });
    const { metadata } = await callApi({ asked, ...codes, act }, this.log);
    return metadata?.uid ?? '';
  }

  /** Rejects with `container.start_failed` if permissions are missing, and names each of them. */
  async requireRights(sources: PodSources): Promise<void> {
    const { namespace } = this.kubernetes;
    const asked = neededRights(sources).map(({ scope, ...right }) => ({
      ...right,
      namespace: scope === 'cluster' ? undefined : namespace,
    }));
    const allowed = await Promise.all(asked.map((right) => this.#may(right)));
    const missing = asked.filter((_, index) => !allowed[index]);
    if (missing.length > 0) throw startFailed(missing.map(missingRight).join(' '));
  }

  async #may(right: Asked): Promise<boolean> {
    const [resource, subresource] = right.resource.split('/');
    const { verb, namespace } = right;
    const at = namespace === undefined ? {} : { namespace };
    const name = resource === 'namespaces' && namespace !== undefined ? { name: namespace } : {};
    const group = groups[right.resource];
    const resourceAttributes = {
      ...{ verb, resource: resource ?? '', ...at, ...name },
      ...(group === undefined ? {} : { group }),
      ...(subresource === undefined ? {} : { subresource }),
    };
    const review: AccessReview = { spec: { resourceAttributes } };
    const body = review;
    const asked = { verb: 'create', resource: 'selfsubjectaccessreviews', namespace } as const;
    const act = () => this.kubernetes.authorization.createSelfSubjectAccessReview({ body });
    const { status } = await callApi({ asked, ...codes, act }, this.log);
    if (status === undefined)
      throw new RemudaError('container.start_failed', "Kubernetes does not report the scheduler's permissions.");
    return status.allowed;
  }
}
