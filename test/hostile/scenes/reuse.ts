import { randomBytes } from 'node:crypto';
import { script } from '@remuda/scripted-model';
import { attackWith, bash, carryOut, idleWorker, type Stage } from '../stage.js';
import { seen, type Verdict } from '../verdict.js';

const backwards = (text: string): string => Array.from(text).reverse().join('');

/** Two jobs in one container, as a profile may have it: what the first leaves for the second. */
export async function tryReuse(stage: Stage): Promise<readonly Verdict[]> {
  const canary = randomBytes(6).toString('hex');
  const secret = randomBytes(12).toString('hex');
  await idleWorker(stage, 'reuse');
  const steps = [
    bash(
      `cat /proc/$$/environ | tr '\\0' '\\n' | grep -o 'x-remuda-token: .*'; CANARY=${canary} bash hostile/poison.sh`,
    ),
  ];
  const first = await carryOut(stage, 'reuse', steps, {
    prompt: `The secret of this job is ${secret}. ${script(...steps, { text: 'done' })}`,
  });
  const token = /x-remuda-token: (\S+)/.exec(first.outputs.join('\n'))?.[1] ?? '';
  await idleWorker(stage, 'reuse');
  const told = { canary, prompt: backwards(secret), token: backwards(token) };
  const second = await carryOut(stage, 'reuse', [attackWith('next.mjs', told)]);
  const same = first.job.worker === second.job.worker;
  const poisoned = first.outputs.some((output) => output.includes('poisoned')) && token !== '';
  return [
    seen('control.reuse', poisoned, first.outputs.join(' ').slice(-120)),
    ...(same
      ? second.verdicts
      : second.verdicts.map((verdict) => ({ ...verdict, evidence: `in another container: ${verdict.evidence}` }))),
    seen('control.same_worker', same, `${String(first.job.worker)} and ${String(second.job.worker)}`),
  ];
}
