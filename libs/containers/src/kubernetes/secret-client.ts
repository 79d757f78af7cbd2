import type { RuntimeLog } from '../runtime-log.js';
import { callApi } from './api-call.js';
import type { Kubernetes } from './connection.js';
import type { SecretManifest } from './manifests.js';

/** Secrets of one namespace. None is ever read, listed or deleted: each is removed with its pod. */
export class SecretClient {
  constructor(
    private readonly kubernetes: Kubernetes,
    private readonly log: RuntimeLog,
  ) {}

  /** Creates a Secret. Rejects with `container.start_failed`. */
  async create(manifest: SecretManifest): Promise<void> {
    const { core, namespace } = this.kubernetes;
    const asked = { verb: 'create', resource: 'secrets', namespace } as const;
    const act = () => core.createNamespacedSecret({ namespace, body: manifest });
    await callApi({ asked, code: 'container.start_failed', act }, this.log);
  }
}
