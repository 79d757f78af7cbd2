/**
 * The layout that the worker image and its containers share; `docker/worker/Dockerfile` is the other half, and an
 * integration test compares the two.
 */
export const workerLayout = {
  workspace: '/workspace',
  home: '/home/claude',
  /** Claude Code's executable. */
  claude: '/usr/local/bin/claude',
  /** What package managers have fetched before, laid out as a home; from the image, or a volume that is mounted read-only. */
  cache: '/opt/remuda-cache',
  /** Where a worker has its sockets. */
  sockets: '/run/remuda',
  /** The user that Claude Code and its tools run as. */
  uid: 1000,
  gid: 1000,
  /**
   * In a pod: the user of the worker's container, which has the same group, and the path where it waits for its agent.
   */
  workerUid: 1001,
  agentSocket: '/run/remuda/agent.sock',
  /** What the agent's container runs. Its PID 1 reaps orphaned processes of tools. */
  agent: ['tini', '--', 'node', '/opt/remuda/agent.mjs'],
} as const;
