import type { EndingRung } from '@remuda/domain';
import type { EngineLimits, EngineLog } from '../options.js';
import type { TurnProcess } from './turn-session.js';

/** Actions for ending a turn. */
export interface LadderAim {
  readonly process: Pick<TurnProcess, 'control' | 'terminate' | 'kill'>;
  readonly limits: EngineLimits;
  readonly log: EngineLog;
  /** True after this many ms, false if the turn is over earlier. */
  readonly pause: (ms: number) => Promise<boolean>;
  readonly onRung: (rung: EndingRung) => void;
}

/**
 * Ends a turn: an interrupt, SIGTERM if it does not help in time, then SIGKILL. Resolves when the turn is over or
 * killed.
 */
export async function climb({ process, limits, log, pause, onRung }: LadderAim): Promise<void> {
  const { interruptMs, terminateMs } = limits;
  onRung('interrupt');
  process.control({ subtype: 'interrupt' }).catch((error: unknown) => {
    log.debug({ err: error }, 'the interrupt was not answered');
  });
  if (!(await pause(interruptMs))) return;
  onRung('terminate');
  process.terminate(`Claude Code did not end its turn within ${String(interruptMs)} ms and was told to exit.`);
  if (!(await pause(terminateMs))) return;
  onRung('kill');
  process.kill(`Claude Code did not exit on SIGTERM within ${String(terminateMs)} ms and was killed.`);
}
