import { canSessionMove, sessionStates, type SessionState } from '@remuda/domain';
import type { Fragment } from '../script/define-script.js';

/** Whether a session in this state can be moved to another one, by the domain's table of moves. */
export const sessionCan = {
  idle: canBe('idle'),
  running: canBe('running'),
  saving: canBe('saving'),
  hibernated: canBe('hibernated'),
  stopped: canBe('stopped'),
} as const satisfies Record<SessionState, Fragment>;

function canBe(to: SessionState): Fragment {
  const from = sessionStates.filter((state) => canSessionMove(state, to));
  const isOne = from.map((state) => `state == '${state}'`).join(' or ');
  return { lua: `local function sessionCanBe${to.charAt(0).toUpperCase()}${to.slice(1)}(state) return ${isOne} end` };
}
