export { DockerRuntime, type DockerRuntimeOptions } from './docker/docker-runtime.js';
export type { DockerConnection } from './docker/engine-address.js';
export { workerLayout } from './docker/worker-layout.js';
export { ProcessRuntime, type ProcessRuntimeOptions } from './process/process-runtime.js';
export type { RuntimeLog } from './runtime-log.js';
