import { statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { script } from '@remuda/scripted-model';
import { attackWith, bash, carryOut, exists, idleWorker, limits, type Done, type Stage } from '../stage.js';
import { seen, type Verdict } from '../verdict.js';

/** More of everything than a container may have, and tools that print more than anybody reads. */
export async function tryLimits(stage: Stage): Promise<readonly Verdict[]> {
  await idleWorker(stage, 'default');
  const part = (name: string) => attackWith('limits.mjs', { part: name, limits });
  const free = await freeMb();
  const inside = await carryOut(stage, 'default', [
    part('disk'),
    part('pids'),
    part('cpu'),
    part('memory'),
    part('survivors'),
  ]);
  const lost = free - (await freeMb());
  return [
    ...inside.verdicts,
    seen('limits.host_disk', lost < 200, `the host has ${lost} MB less than before`),
    seen('limits.survivor', inside.job.state === 'succeeded', `the job ${inside.job.state}`),
    ...(await tryOutputs(stage)),
    ...(await tryAgent(stage)),
    await forkBomb(stage),
  ];
}

async function freeMb(): Promise<number> {
  const { bavail, bsize } = await statfs('/');
  return Math.round((bavail * bsize) / 1_048_576);
}

async function tryOutputs(stage: Stage): Promise<readonly Verdict[]> {
  await idleWorker(stage, 'default');
  const done = await carryOut(stage, 'default', [
    bash(`printf 'a\\xff\\xfe\\xc3\\x28\\xed\\xa0\\x80b\\x00c\\033[2J\\n'`),
    bash('seq 1 1000000'),
    bash('head -c 1000000000 /dev/zero'),
  ]);
  const [bytes = '', lines = '', zeros = ''] = done.outputs;
  const most = (text: string, id: string): Verdict =>
    seen(
      id,
      done.job.state === 'succeeded' && done.outputs.length === 3 && text.length <= 17_000,
      `${text.length} characters were kept; the job ${done.job.state}`,
    );
  return [
    most(zeros, 'output.one_line_of_1gb'),
    most(lines, 'output.million_lines'),
    seen(
      'output.invalid_utf8',
      done.job.state === 'succeeded' && /^a.*bc?/su.test(bytes) && !/[\uD800-\uDFFF]/.test(bytes),
      `came as ${JSON.stringify(bytes.slice(0, 40))}`,
    ),
  ];
}

/** Claude Code is the attacker's own user: it can be ended, but only with its own job. */
async function tryAgent(stage: Stage): Promise<readonly Verdict[]> {
  await idleWorker(stage, 'default');
  const killed = await carryOut(stage, 'default', [attackWith('agent.mjs', { part: 'kill' })]);
  const after = await plainJob(stage);
  await idleWorker(stage, 'default');
  const stopped = await carryOut(stage, 'default', [attackWith('agent.mjs', { part: 'stop' })], { timeoutMs: 5_000 });
  return [
    seen(
      'agent.kill',
      killed.job.state === 'failed' && after.job.state === 'succeeded',
      `its job ${killed.job.state} with ${String(killed.job.failure?.code)}, the next ${after.job.state}`,
    ),
    seen(
      'agent.stop',
      stopped.job.state === 'failed',
      `its job ${stopped.job.state} with ${String(stopped.job.failure?.code)} at its deadline`,
    ),
  ];
}

function plainJob(stage: Stage): Promise<Done> {
  return carryOut(stage, 'default', [], { prompt: script({ text: 'fine' }), workspace: { kind: 'empty' } });
}

async function forkBomb(stage: Stage): Promise<Verdict> {
  const { container } = await idleWorker(stage, 'default');
  const since = Date.now();
  const done = await carryOut(stage, 'default', [bash('b() { b | b & }; b; sleep 3', 10_000), bash('echo on')], {
    timeoutMs: 15_000,
  });
  const ms = Date.now() - since;
  const after = await plainJob(stage);
  for (let tries = 0; tries < 100 && (await exists(container)); tries++) await sleep(100);
  const gone = !(await exists(container));
  return seen(
    'limits.fork_bomb',
    gone && after.job.state === 'succeeded' && ms < 40_000,
    `its job ${done.job.state} after ${ms} ms, the container is ${gone ? 'gone' : 'still there'}, the next job ${after.job.state}`,
  );
}
