import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { HostBridgeSignal } from '@remuda/protocol';

/** The exit code of a shell for a program that a signal ended. */
export const signalExit = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

/**
 * Sends a signal to the Claude Code behind a process. A sandbox does not pass signals on: its one child is the first
 * process within, and Claude Code is the first child of that.
 */
export function sendSignal(pid: number, signal: HostBridgeSignal, sandboxed: boolean): void {
  const target = sandboxed ? firstChild(firstChild(pid)) : pid;
  if (target === undefined) return;
  try {
    process.kill(target, signal);
  } catch {
    // it has ended
  }
}

function firstChild(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  try {
    const [child] = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').split(' ');
    return child === undefined || child === '' ? undefined : Number(child);
  } catch {
    return undefined;
  }
}

/** Ends a process group at once. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // all of it has ended
  }
}
