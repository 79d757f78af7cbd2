export { DockerRuntime, type DockerRuntimeOptions } from './docker/docker-runtime.js';
export { KubernetesRuntime, type KubernetesRuntimeOptions } from './kubernetes/kubernetes-runtime.js';
export { neededRights as kubernetesRights, type PodSources } from './kubernetes/access-client.js';
export type { KubernetesConnection } from './kubernetes/connection.js';
export type { DockerConnection } from './docker/engine-address.js';
export { workerLayout } from './worker-layout.js';
export { ProcessRuntime, type ProcessRuntimeOptions } from './process/process-runtime.js';
export type { RuntimeLog } from './runtime-log.js';
