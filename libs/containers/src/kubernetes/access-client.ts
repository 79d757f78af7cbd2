import { RemudaError } from '@remuda/domain';
import type { RuntimeLog } from '../runtime-log.js';
import { startFailed } from '../start-failed.js';
import { callApi } from './api-call.js';
import { missingRight, type Asked } from './api-fault.js';
import type { Kubernetes } from './connection.js';
import type { AccessReview } from './manifests.js';

/** Everything that this runtime asks for; `k8s/base/scheduler.yaml` gives it, and a test holds the two together. */
export const neededRights: readonly Pick<Asked, 'verb' | 'resource'>[] = [
  { verb: 'get', resource: 'namespaces' },
  { verb: 'create', resource: 'pods' },
  { verb: 'get', resource: 'pods' },
  { verb: 'list', resource: 'pods' },
  { verb: 'watch', resource: 'pods' },
  { verb: 'patch', resource: 'pods' },
  { verb: 'delete', resource: 'pods' },
  { verb: 'get', resource: 'pods/log' },
  { verb: 'create', resource: 'secrets' },
];

/** What we are and may in our namespace. */
export class AccessClient {
  constructor(
    private readonly kubernetes: Kubernetes,
    private readonly log: RuntimeLog,
  ) {}

  /** The namespace's uid, which no other one has, in this cluster or elsewhere. Rejects with `container.start_failed`. */
  async namespaceUid(): Promise<string> {
    const { core, namespace } = this.kubernetes;
    const asked = { verb: 'get', resource: 'namespaces', namespace } as const;
    const act = () => core.readNamespace({ name: namespace });
    const { metadata } = await callApi({ asked, code: 'container.start_failed', act }, this.log);
    return metadata?.uid ?? '';
  }

  /** Rejects with `container.start_failed` where rights are missing, and names each of them. */
  async requireRights(): Promise<void> {
    const { namespace } = this.kubernetes;
    const asked = neededRights.map((right) => ({ ...right, namespace }));
    const allowed = await Promise.all(asked.map((right) => this.#may(right)));
    const missing = asked.filter((_, index) => !allowed[index]);
    if (missing.length > 0) throw startFailed(missing.map(missingRight).join(' '));
  }

  async #may(right: Asked): Promise<boolean> {
    const [resource, subresource] = right.resource.split('/');
    const { verb, namespace } = right;
    const name = resource === 'namespaces' ? { name: namespace } : {};
    const resourceAttributes = {
      ...{ verb, namespace, resource: resource ?? '', ...name },
      ...(subresource === undefined ? {} : { subresource }),
    };
    const review: AccessReview = { spec: { resourceAttributes } };
    const body = review;
    const asked = { verb: 'create', resource: 'selfsubjectaccessreviews', namespace } as const;
    const act = () => this.kubernetes.authorization.createSelfSubjectAccessReview({ body });
    const { status } = await callApi({ asked, code: 'container.start_failed', act }, this.log);
    if (status === undefined) throw new RemudaError('container.start_failed', 'Kubernetes does not say what we may.');
    return status.allowed;
  }
}
