import { LocalRunner, RemoteRunner, admitAgent, type Runner } from '@remuda/engine';
import type { Logger } from '@remuda/runtime';

/** Where Claude Code runs. */
export interface RunnerPlan {
  readonly engineUid: number | undefined;
  readonly engineGid: number | undefined;
  readonly agentSocket: string | undefined;
}

/** How long the start of the agent's container may take, in ms. */
const agentWaitMs = 120_000;

/** Exit code of a worker whose agent is gone (EX_UNAVAILABLE of sysexits). */
const agentGoneExit = 69;

/**
 * Runs Claude Code in this container, or through the agent of another one. Without its agent the worker is useless, as
 * if its container was killed: it exits at once without a report, so that the end of the pod says why.
 */
export async function runnerOf(plan: RunnerPlan, log: Logger): Promise<Runner> {
  const { engineUid: uid, engineGid: gid, agentSocket } = plan;
  if (agentSocket === undefined)
    return new LocalRunner(uid === undefined || gid === undefined ? undefined : { uid, gid });
  const runner = await RemoteRunner.over(await admitAgent(agentSocket, agentWaitMs));
  log.info({ socket: agentSocket }, 'the agent has connected');
  void runner.lost.then(() => {
    log.error('the agent is gone, and Claude Code with it');
    process.exit(agentGoneExit);
  });
  return runner;
}
