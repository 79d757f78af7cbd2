import { canMove, isHeld, isOver, jobStates, redrive, type JobState } from '@remuda/domain';
import type { Fragment } from '../script/define-script.js';

/** A test of the local `state` in Lua. */
const isOneOf = (states: readonly JobState[]): string => states.map((state) => `state == '${state}'`).join(' or ');

/** Whether a worker carries out a job in this state: `isHeld` of the domain. */
export const isHeldState: Fragment = {
  lua: `local function isHeld(state) return ${isOneOf(jobStates.filter(isHeld))} end`,
};

/** Whether a job in this state has ended: `isOver` of the domain. */
export const isOverState: Fragment = {
  lua: `local function isOver(state) return ${isOneOf(jobStates.filter(isOver))} end`,
};

/**
 * Whether a job in this state can be moved to another one, by the domain's table of moves: one fragment for each move.
 */
export function canMoveTo(to: JobState): Fragment {
  const from = jobStates.filter((state) => canMove(state, to) && !(state === redrive.from && to === redrive.to));
  return { lua: `local function canBe${named(to)}(state) return ${isOneOf(from)} end` };
}

/** Whether a person may redrive a job in this state. */
export const canBeRedriven: Fragment = {
  lua: `local function canBeRedriven(state) return ${isOneOf([redrive.from])} end`,
};

const named = (state: JobState): string => `${state.charAt(0).toUpperCase()}${state.slice(1)}`;
