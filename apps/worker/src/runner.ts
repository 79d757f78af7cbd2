import { LocalRunner, RemoteRunner, admitAgent, type Runner } from '@remuda/engine';
import type { Logger } from '@remuda/runtime';

/** Where Claude Code is to run. */
export interface RunnerPlan {
  readonly engineUid: number | undefined;
  readonly engineGid: number | undefined;
  readonly agentSocket: string | undefined;
}

/** For so long, in ms, the agent's container may take to be there. */
const agentWaitMs = 120_000;

/** Exit code of a worker whose agent is gone, as sysexits has it (EX_UNAVAILABLE). */
const agentGoneExit = 69;

/**
 * Runs Claude Code in this container, or at the agent of another one. Without its agent the worker is as good as dead, as one whose
 * container was killed: it ends at once and reports nothing, so that the pod's own end says why.
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
