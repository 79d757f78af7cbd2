import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasEngine } from '../e2e/harness/cluster.js';
import { attacks, controls } from './catalogue.js';
import { tryAccount } from './scenes/account.js';
import { tryEgress } from './scenes/egress.js';
import { tryLimits } from './scenes/limits.js';
import { tryPatch } from './scenes/patch.js';
import { tryPushes } from './scenes/pushes.js';
import { tryReuse } from './scenes/reuse.js';
import { trySnapshots } from './scenes/snapshots.js';
import { tryWalls } from './scenes/walls.js';
import { setStage, type Stage } from './stage.js';
import { summary, table } from './table.js';
import { merge, type Verdict } from './verdict.js';

/** Whether a wall held; when that is not what was expected, what was seen is told. */
const expectHeld = (verdict: Verdict | undefined, held: boolean): void =>
  expect(verdict?.held, verdict?.evidence ?? 'not tried').toBe(held);

/** All of it in turn: some minutes on a machine of its own, many times that on one that does other things besides. */
const longMs = 1_800_000;

async function inTurn(stage: Stage, scenes: readonly ((stage: Stage) => Promise<readonly Verdict[]>)[]) {
  const all: Verdict[] = [];
  for (const scene of scenes) all.push(...(await scene(stage)));
  return all;
}

describe.skipIf(!hasEngine)('hostile code in a container', () => {
  let stage: Stage | undefined;
  let verdicts: ReadonlyMap<string, Verdict> = new Map();

  beforeAll(async () => {
    const set = await setStage();
    stage = set;
    const walls = await tryWalls(set);
    // in one scene the Redis listener stands open and a password counts as stolen; it is of workers of its own
    const rest = await Promise.all([
      tryAccount(set),
      inTurn(set, [tryEgress, tryReuse, trySnapshots, tryPushes, tryPatch, tryLimits]),
    ]);
    verdicts = merge([...walls, ...rest.flat()]);
  }, longMs);

  afterAll(async () => {
    process.stdout.write(`${table(verdicts)}\n\n${summary(verdicts)}\n`);
    await stage?.close();
  });

  test.each(controls)('the attacks are in earnest: %s', (id) => {
    expectHeld(verdicts.get(id), true);
  });

  test.each(attacks.filter((attack) => attack.known === undefined))('can not $tries ($id)', ({ id }) => {
    expectHeld(verdicts.get(id), true);
  });

  test.each(attacks.filter((attack) => attack.known !== undefined))('is known to be able to $tries ($id)', ({ id }) => {
    expectHeld(verdicts.get(id), false);
  });

  test('tries nothing that the catalogue does not have', () => {
    const listed: readonly string[] = [...attacks.map(({ id }) => id), ...controls];
    expect([...verdicts.keys()].filter((id) => !listed.includes(id))).toEqual([]);
  });
});
