import { join } from 'node:path';
import { RemudaError } from '@remuda/domain';
import { lastLines, startProcess, type KeptProcess, type ProcessPlan } from './kept-process.js';
import { whenReady } from './ready.js';

const readyLimitMs = 60_000;

/** State of starting parts. */
export interface Stage {
  readonly say: (line: string) => void;
  readonly logDir: string;
  /** Undo steps, in the order of starting. */
  readonly undo: (() => Promise<void>)[];
  /** Everything that was started. */
  readonly parts: KeptProcess[];
}

/**
 * Starts a part and resolves when it answers at a URL; `graceMs` is its time to shut down. Rejects with `internal` and
 * its last output if it does not become ready.
 */
export async function startPart(
  plan: Omit<ProcessPlan, 'log'>,
  ready: { readonly url: string; readonly graceMs: number },
  stage: Stage,
): Promise<void> {
  const part = startProcess({ ...plan, log: join(stage.logDir, `${plan.name}.log`) });
  stage.parts.push(part);
  stage.undo.push(() => part.stop(ready.graceMs));
  const fault = await whenReady({ url: ready.url, ended: part.ended, limitMs: readyLimitMs });
  if (fault !== undefined) throw new RemudaError('internal', `${fault}\n${await lastLines(part.log, 10)}`);
}
