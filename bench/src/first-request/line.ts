import { resolveClaude, claudeVersion } from '@remuda/engine';
import { setTimeout as sleep } from 'node:timers/promises';
import { ratioOf, spreadOf, type Figure, type Line, type LineReport, type Stage, type Target } from '../figure.js';
import { WarmAlone, type AloneTimes } from './alone.js';
import { breakdown } from './breakdown.js';
import { measureCold } from './cold.js';
import { makeSubject, type Subject } from './subject.js';
import { ThroughCluster, type WayOfAJob } from './through-cluster.js';
import { fetchOlder, olderVersion } from './older.js';

/** Whoever was measured before gets so long to be gone, in ms. */
const pauseMs = 500;

interface Round {
  readonly cold: number;
  readonly alone: AloneTimes;
  readonly way: WayOfAJob;
}

interface Plan {
  readonly rounds: number;
  readonly alone?: Target;
  readonly cold: Target;
}

/** Submit to first model request. */
export const firstRequest: Line = {
  name: 'first-request',
  about: 'POST /jobs sent to the first model request that holds the prompt, through the whole cluster, warm',
  run: async (stage) => {
    const pinned = resolveClaude(import.meta.dirname);
    const plan: Plan = { rounds: 9, alone: { atMost: 1.6 }, cold: { atMost: 0.3 } };
    const first = await measureVersion(pinned, await claudeVersion(pinned), plan, stage);
    const older = await measureOlder(stage);
    return { figures: [...first.figures, ...older.figures], notes: [...first.notes, ...older.notes] };
  },
};

async function measureOlder(stage: Stage): Promise<LineReport> {
  let claude: string;
  try {
    claude = await fetchOlder();
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    return {
      figures: [],
      notes: [`Claude Code ${olderVersion} was left out: it could not be fetched (${reason ?? ''}).`],
    };
  }
  return measureVersion(claude, olderVersion, { rounds: 7, alone: { atMost: 1.6 }, cold: { atMost: 0.15 } }, stage);
}

async function measureVersion(claude: string, version: string, plan: Plan, stage: Stage): Promise<LineReport> {
  stage.say(`Claude Code ${version}: bringing a cluster up, ${plan.rounds} rounds`);
  const subject = await makeSubject(claude, version, stage.dir);
  try {
    const cluster = await ThroughCluster.start(claude, stage);
    try {
      return report(await measureRounds(subject, cluster, plan.rounds), version, plan);
    } finally {
      await cluster.stop();
    }
  } finally {
    await subject.model.close();
  }
}

/** The first round is for the page cache and for what Node compiles late; it does not count. */
async function measureRounds(subject: Subject, cluster: ThroughCluster, rounds: number): Promise<readonly Round[]> {
  const all: Round[] = [];
  for (let round = 0; round <= rounds; round++) all.push(await measureRound(subject, cluster, round));
  return all.slice(1);
}

/** The cluster comes last, since it refills its pool afterwards; the other two change places every round. */
async function measureRound(subject: Subject, cluster: ThroughCluster, round: number): Promise<Round> {
  const one = new WarmAlone(subject, round);
  try {
    await one.warm();
    await cluster.settled();
    const early = round % 2 === 0 ? await measureCold(subject) : undefined;
    if (early !== undefined) await sleep(pauseMs);
    const alone = await one.measure();
    await one.end();
    await sleep(pauseMs);
    const cold = early ?? (await measureCold(subject));
    if (early === undefined) await sleep(pauseMs);
    const way = await cluster.measure();
    subject.model.reset();
    return { cold, alone, way };
  } finally {
    await one.end();
  }
}

function report(rounds: readonly Round[], version: string, plan: Plan): LineReport {
  const ways = rounds.map((round) => round.way.atModel);
  const alone = rounds.map((round) => round.alone.fromMessage);
  const cold = rounds.map((round) => round.cold);
  const ms = (what: string, values: readonly number[]): Figure => ({
    what: `${version}: ${what}`,
    value: spreadOf(values),
    unit: 'ms',
  });
  const figures: readonly Figure[] = [
    {
      what: `${version}: cluster / warm process alone (message written to its stdin)`,
      value: ratioOf(ways, alone),
      unit: 'x',
      ...(plan.alone ? { target: plan.alone } : {}),
    },
    { what: `${version}: cluster / cold \`claude -p\``, value: ratioOf(ways, cold), unit: 'x', target: plan.cold },
    ms('POST sent to first request, through the cluster', ways),
    ms('message written to first request, warm process alone', alone),
    ms(
      'engine called to first request, warm process alone',
      rounds.map((round) => round.alone.fromTurn),
    ),
    ms('spawned to first request, cold `claude -p`', cold),
    ...breakdown(rounds.map((round) => round.way)).map(({ what, values }) => ms(what, values)),
  ];
  return { figures, notes: [] };
}
