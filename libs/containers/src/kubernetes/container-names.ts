/** The name of the container with our program. */
export const workerContainer = 'worker';
/** The name of the one with Claude Code. */
export const agentContainer = 'agent';
