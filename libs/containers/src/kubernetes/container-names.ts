/** The name of the worker's container. */
export const workerContainer = 'worker';
/** The name of Claude Code's container. */
export const agentContainer = 'agent';
